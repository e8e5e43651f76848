"""What plays each role in a log: one module a role, which says how its column is called and what is in it.

A module of this package that has a `ROLE` is a role that columns are looked for.
"""
