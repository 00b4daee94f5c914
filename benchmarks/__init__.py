"""How fast the guide is, beside a floor and beside others: run by `make bench`. Nothing that serves a page comes in.

A figure of one machine means nothing on another, so every figure is a ratio to something that was measured in the same
run, turn by turn. Each module measures one table and says in its docstring what is compared with what.
"""
