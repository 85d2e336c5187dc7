"""Name what the use cases need from the outside, by role; adapters are named by technology.

A port's docstring says what it returns and what it raises. The errors named are those of
`api.errors`; nothing else may leave an adapter.
"""
