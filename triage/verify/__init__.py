"""The proof room: what can be shown about all answer sets at once, and how far the tests would notice a wrong edit.

Needs the SMT solver of the development extra. Nothing that serves a person comes in here, but for the record of the
last proof (`record.py`), which needs no solver.
"""
