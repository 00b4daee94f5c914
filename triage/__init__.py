"""The calcium deposit guide. `README.md` shows the house; each module's docstring says what lives there."""

__version__ = "0.1.0"
