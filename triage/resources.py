"""Where the knowledge, the pages and the look lie: beside the package in a checkout, inside it in a wheel.

Nothing else lives here, and every room may come in.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder `rules`, `templates` or `static`.

    Raises:
        FileNotFoundError: it is in neither place, so the installation is not whole.
    """
    for root in (_PACKAGE / "_content", _PACKAGE.parent):
        if (root / name).is_dir():
            return root / name
    raise FileNotFoundError(f"The folder '{name}' is neither in the package nor beside it; install the guide again.")
