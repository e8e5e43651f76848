"""SQL text from names and values: the only way in which either reaches a query."""

from __future__ import annotations

from collections.abc import Iterable


def identifier(name: str) -> str:
    """A column name, quoted.

    >>> print(identifier('my "own" column'))
    "my ""own"" column"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string, quoted.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """A list of strings, each quoted.

    >>> literals(["a", "b"])
    "['a', 'b']"
    """
    return "[" + ", ".join(literal(text) for text in texts) + "]"
