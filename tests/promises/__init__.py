"""What the guide promises, measured: `python -m tests.promises` prints one line for each promise.

One module for each letter (a.py: nothing is lost, b.py: bad input changes nothing, ...) holds its measurements and the
list of its promises; bench.py what they work on, the real application and the real stack.
"""
