"""The plain program: the published computation, written directly from its formulas. `skelact bench` compares with it.

Nothing else uses it. Tests compare it with arrays of the published programs.
"""
