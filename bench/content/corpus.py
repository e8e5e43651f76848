"""Texts that ship with Python packages: paragraphs of their documentation, a topic each."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_SENTENCE = re.compile(r"[A-Z][^\n]*[.!?]")
_FEWEST_WORDS, _MOST_WORDS = 12, 80
_LETTERS = 0.9


@cache
def paragraphs(package: str) -> tuple[str, ...]:
    """The paragraphs of prose in the documentation of a package's modules, classes and functions; each once.

    Args:
        package: an installed one; its files are parsed, not imported.
    """
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise LookupError(f"{package} is not installed")
    return tuple(
        sorted({each for file in Path(found.origin).parent.rglob("*.py") for each in _of_file(file)})
    )


def _of_file(file: Path) -> Iterator[str]:
    if "tests" in file.parts:
        return
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for text in re.split(r"\n\s*\n", ast.get_docstring(node) or ""):
                prose = " ".join(text.split())
                letters = sum(each.isalpha() or each in " ,.'" for each in prose)
                if (
                    _FEWEST_WORDS <= len(prose.split()) <= _MOST_WORDS
                    and _SENTENCE.fullmatch(prose)
                    and letters >= _LETTERS * len(prose)
                ):
                    yield prose


@cache
def german(number: int) -> tuple[str, ...]:
    """Texts of German words."""
    from faker import Faker

    made = Faker("de_DE")
    made.seed_instance(0)
    return tuple(made.paragraph(nb_sentences=4) for _ in range(number))
