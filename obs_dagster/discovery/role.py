"""A role that a column may play, and which columns could play it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.sample import Sample

Section = Literal["logs", "labels"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A column that could play a role.

    Attributes:
        role, column: the names of both.
        rank: 0 for the name that says it best; what is known by its content alone has the highest.
        why: what speaks for it.
        by_name: whether its name does.
    """

    role: str
    column: str
    rank: int
    why: str
    by_name: bool


@dataclass(frozen=True, slots=True)
class Role:
    """What plays a role: how its column may be called, and what its values are like.

    Attributes:
        name: the key of `logs.columns`, or of `labels.columns`.
        option: what names the column on the command line.
        question: what a person is asked.
        names: regular expressions of plain names, the best first.
        fits: what the values of a column say for it; empty if they speak against it.
        by_content: whether the values are enough, whatever the name.
        sections: where such a column is looked for.
        names_in_logs: how many of the names say it in a log as well; None for all.
    """

    name: str
    option: str
    question: str
    names: tuple[str, ...]
    fits: Callable[[Column, Sample], str]
    by_content: Callable[[Column], bool] = field(default=lambda _: False)
    sections: tuple[Section, ...] = ("logs",)
    names_in_logs: int | None = None

    def claims(self, sample: Sample, columns: Iterable[Column], section: Section = "logs") -> list[Claim]:
        """The columns that could play it, the best first."""
        names = self.names[: self.names_in_logs] if section == "logs" else self.names
        found = [claim for column in columns if (claim := self._claim(column, sample, names))]
        return sorted(found, key=lambda claim: claim.rank)

    def _claim(self, column: Column, sample: Sample, names: Sequence[str]) -> Claim | None:
        rank = next((at for at, name in enumerate(names) if _named(name, column)), None)
        if rank is None and not self.by_content(column):
            return None
        why = self.fits(column, sample)
        if not why:
            return None
        by_name = rank is not None
        told = f"by its name, and {why}" if by_name else f"{why}; its name does not say so"
        return Claim(self.name, column.name, len(self.names) if rank is None else rank, told, by_name)


def _named(name: str, column: Column) -> bool:
    return re.fullmatch(name, column.plain_name) is not None
