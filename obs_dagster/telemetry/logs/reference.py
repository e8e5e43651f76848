"""The list of events in docs/logging.md: `python -m obs_dagster.telemetry.logs.reference` writes it.

Events are found in the source, where they are declared.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- events -->", "<!-- end of events -->"

_ROOT = Path(__file__).parents[3]
_FIELDS = ("logger", "name", "level", "meaning", "keys")


@dataclass(frozen=True, slots=True)
class Declared:
    """An event as it is declared, by which name its module calls it, and with which keys.

    Attributes:
        place: the file.
        called: the name in the module.
        uses: the keys of each call in the module; None where they are passed on as a mapping.
    """

    place: Path
    called: str
    logger: str
    name: str
    level: str
    meaning: str
    keys: Mapping[str, str]
    uses: tuple[tuple[str, ...] | None, ...]


def declared(root: Path = _ROOT) -> list[Declared]:
    """Every event of the program, by logger and name."""
    files = (file for folder in ("obs_dagster", "assets", "jobs") for file in (root / folder).rglob("*.py"))
    found = [each for file in files for each in _in(file)]
    return sorted(found, key=lambda each: (each.logger, each.name))


def table(events: list[Declared]) -> str:
    """Events as a table in Markdown."""
    lines = ["| event | level | logger | what it means | keys |", "| --- | --- | --- | --- | --- |"]
    for each in events:
        keys = "; ".join(f"`{name}` {meaning}" for name, meaning in each.keys.items())
        lines.append(f"| `{each.name}` | {each.level} | `{each.logger}` | {each.meaning} | {_cell(keys)} |")
    return "\n".join(lines)


def written(page: str, events: list[Declared]) -> str:
    """The page with the table between its marks."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{table(events)}\n\n{END}{tail}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _in(file: Path) -> Iterator[Declared]:
    text = file.read_text(encoding="utf-8")
    if "telemetry.event import Event" not in text:
        return
    tree = ast.parse(text)
    constants: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name, value = node.targets[0].id, node.value
            constants[name] = value
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "Event":
                given = [_value(each, constants) for each in value.args]
                about = dict(
                    zip(_FIELDS, [*given, *([{}] if len(given) < len(_FIELDS) else [])], strict=True)
                )
                yield Declared(file, name, **about, uses=tuple(_uses(tree, name)))


def _value(node: ast.expr, constants: Mapping[str, ast.expr]) -> Any:
    """What an argument of a declaration is: texts, and mappings of texts, some of them constants."""
    if isinstance(node, ast.Name):
        return _value(constants[node.id], constants)
    if isinstance(node, ast.Subscript):
        return _value(node.value, constants)[ast.literal_eval(node.slice)]
    if isinstance(node, ast.Dict):
        found: dict[str, str] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            more = _value(value, constants)
            found |= more if key is None else {ast.literal_eval(key): more}
        return found
    return ast.literal_eval(node)


def _uses(tree: ast.Module, name: str) -> Iterator[tuple[str, ...] | None]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.value if isinstance(node.func, ast.Attribute) else node.func
            if isinstance(called, ast.Name) and called.id == name:
                keys = [keyword.arg for keyword in node.keywords]
                yield None if None in keys else tuple(key for key in keys if key is not None)


if __name__ == "__main__":
    place = _ROOT / "docs" / "logging.md"
    place.write_text(written(place.read_text(encoding="utf-8"), declared()), encoding="utf-8")
