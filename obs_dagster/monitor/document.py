"""A monitor file as it was written: plain values, and the place of each in the file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from obs_dagster.monitor.problem import Keys, Problem, dotted, nearest


class Place(NamedTuple):
    """A position in a file, 1-based."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """The raw content of a monitor file, before anything is known about its correctness.

    The accessors are tolerant: what is absent or of another type reads as absent, because the typed model
    reports wrong types, and the other checks of the file shall still run.

    Attributes:
        file: the monitor file.
        data: JSON-like values (mappings with text keys, lists, text, numbers, booleans, None).
        keys: where each key (or list item) begins.
        values: where each value begins.
        problems: mistakes seen while reading that left the rest readable (duplicate keys, tags).
    """

    file: Path
    data: dict[str, Any]
    keys: Mapping[Keys, Place]
    values: Mapping[Keys, Place]
    problems: tuple[Problem, ...]

    def value(self, *keys: str | int) -> Any:
        """The value at a key path, None if there is none."""
        value: Any = self.data
        for key in keys:
            if isinstance(value, dict) and isinstance(key, str):
                value = value.get(key)
            elif isinstance(value, list) and isinstance(key, int) and key < len(value):
                value = value[key]
            else:
                return None
        return value

    def mapping(self, *keys: str | int) -> dict[str, Any] | None:
        """The mapping at a key path, None if there is none."""
        value = self.value(*keys)
        return value if isinstance(value, dict) else None

    def items(self, *keys: str | int) -> list[Any]:
        """The list at a key path, empty if there is none."""
        value = self.value(*keys)
        return value if isinstance(value, list) else []

    def text(self, *keys: str | int) -> str | None:
        """The text at a key path, None if there is none."""
        value = self.value(*keys)
        return value if isinstance(value, str) else None

    def number(self, *keys: str | int) -> int | float | None:
        """The number at a key path, None if there is none."""
        value = self.value(*keys)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def problem(
        self,
        keys: Keys,
        message: str,
        *,
        legal: Collection[str] = (),
        near: str | None = None,
        meant: str | None = None,
        at_key: bool = False,
    ) -> Problem:
        """A problem at a key path, placed at its value, or at the nearest enclosing key that is there.

        Args:
            keys: the key path.
            message: what is wrong, as a sentence.
            legal: what would be right.
            near: the misspelled name, whose nearest name is looked for among `legal`.
            meant: what was probably meant, where it is known without looking among `legal`.
            at_key: the key is wrong rather than its value.
        """
        guess = nearest(near, legal) if near is not None else meant
        place = self._place(keys, at_key=at_key)
        return Problem(self.file, place.line, place.column, dotted(keys), message, tuple(legal), guess)

    def _place(self, keys: Keys, *, at_key: bool) -> Place:
        if not at_key and keys in self.values:
            return self.values[keys]
        while keys and keys not in self.keys:
            keys = keys[:-1]
        return self.keys.get(keys, Place(1, 1))
