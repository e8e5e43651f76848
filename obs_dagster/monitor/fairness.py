"""Fairness: by which attributes groups are compared, and how many rows a group needs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from obs_dagster.monitor.contract import Strict


class Fairness(Strict):
    """How groups of people are compared; for `binary_classification`."""

    attributes: tuple[str | tuple[str, ...], ...] = Field(
        default=(),
        description="Features by whose values decisions are compared, as `sex`; a list of them is a crossing "
        "(`[sex, age_group]`). Each is a `category`, a `boolean`, or an `integer` with `allowed` values. The "
        "model need not use them. Their values are counted, and shown beside no id.",
    )
    favourable: Literal["positive", "negative"] = Field(
        default="positive",
        description="The decision that people hope for: `positive` where a positive one grants something (a "
        "loan), `negative` where it denies it (a suspicion of fraud).",
    )
    min_group: int = Field(
        default=50,
        ge=10,
        le=1_000_000,
        description="Rows that a group needs, and that each of its shares needs: a smaller one is named, and "
        "no number is told of it.",
    )

    @property
    def cuts(self) -> tuple[tuple[str, ...], ...]:
        """The ways in which rows are split into groups, each by its columns."""
        return tuple(each if isinstance(each, tuple) else (each,) for each in self.attributes)

    @property
    def columns(self) -> frozenset[str]:
        """Every column that groups are told apart by."""
        return frozenset(name for cut in self.cuts for name in cut)
