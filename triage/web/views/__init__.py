"""The pages: read the answers, ask the room, choose the template. One module for each kind of page.

Importing this registers them all on the blueprint `pages`.
"""

from triage.web.views import answering, blank, finder, handover, nurse, public, quick, results
from triage.web.views.context import pages

__all__ = ["answering", "blank", "finder", "handover", "nurse", "pages", "public", "quick", "results"]
