"""Fairness: by which attributes groups are compared, where these are, and how many rows a group needs."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from obs_dagster.monitor.contract import Strict
from obs_dagster.monitor.csv_dialect import CsvDialect
from obs_dagster.monitor.data import SourceKind


class HeldApart(Strict):
    """Attributes that are not in the log: files of their own say which person has which."""

    model_config = ConfigDict(defer_build=True)

    source: SourceKind = Field(description="The format of the files.")
    path: str = Field(
        description="Path or glob of all files, in a place that others than readers of the log may see: a "
        "folder, or a bucket with credentials of its own ([fairness.md](fairness.md#attributes-held-apart)). "
        "`${NAME}` stands for an environment variable."
    )
    columns: tuple[str, ...] = Field(
        min_length=1, description="Their columns that are attributes; none of them is a column of the log."
    )
    key: str = Field(description="Their column that says whose the attributes are.")
    match: str = Field(
        default="",
        description="The column of the log that `key` is matched with, as `customer`; left out: the "
        "prediction's id. Both are compared as texts.",
    )
    counts: str = Field(
        default="",
        description="The folder, or bucket, that takes what is counted of them, by day and group; left out: "
        "beside the lake, under its name with `-apart`.",
    )
    csv: CsvDialect | None = Field(default=None, description="How `csv` files are written.")


class Fairness(Strict):
    """How groups of people are compared; for `binary_classification`."""

    model_config = ConfigDict(defer_build=True)

    attributes: tuple[str | tuple[str, ...], ...] = Field(
        default=(),
        description="Features by whose values decisions are compared, as `sex`; a list of them is a crossing "
        "(`[sex, age_group]`). Each is a `category`, a `boolean`, or an `integer` with `allowed` values, or "
        "one of those that are `held_apart`. The model need not use them. Their values are counted, and "
        "shown beside no id.",
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
    held_apart: HeldApart | None = Field(
        default=None,
        description="Attributes that the log does not have: they are joined only to count groups, and "
        "written beside no id.",
    )

    @property
    def cuts(self) -> tuple[tuple[str, ...], ...]:
        """The ways in which rows are split into groups, each by its columns."""
        return tuple(each if isinstance(each, tuple) else (each,) for each in self.attributes)

    @property
    def columns(self) -> frozenset[str]:
        """Every column that groups are told apart by."""
        return frozenset(name for cut in self.cuts for name in cut)

    @property
    def cuts_apart(self) -> tuple[tuple[str, ...], ...]:
        """Those of `cuts` that need an attribute which the log does not have."""
        apart = self.held_apart.columns if self.held_apart is not None else ()
        return tuple(cut for cut in self.cuts if not {*apart}.isdisjoint(cut))
