"""The knowledge as a picture, for whoever reviews the rules without reading TOML: plain data, no markup.

`flow` reads off the rules which answers lead where (`reading.py`), `draw` says where each box of that stands
(`drawing.py`). Nobody is assessed here: only the knowledge comes in.
"""

from triage.flow.drawing import draw
from triage.flow.reading import Flow, flow

__all__ = ["Flow", "draw", "flow"]
