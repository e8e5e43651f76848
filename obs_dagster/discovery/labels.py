"""Labels beside a log: where they are, which column is joined on, and what they say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from obs_dagster.discovery.asking import Ask
from obs_dagster.discovery.error import DiscoveryError
from obs_dagster.discovery.layout import Layout, layout_of
from obs_dagster.discovery.recognition import Recognised, recognise, unused
from obs_dagster.discovery.sample import Sample, sampled

if TYPE_CHECKING:
    import duckdb

#: Rows that must be joined before delays are believed.
_FEWEST = 20
_DEFAULT_DELAY, _MOST_DELAY = 7, 366


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """Labels, as far as a sample tells.

    Attributes:
        layout: where the files are.
        sample: some rows of them.
        key: the column of the log that they are joined on.
        columns: the column of each role.
        joined: rows of the log's sample that have a label in theirs.
    """

    layout: Layout
    sample: Sample
    key: Recognised
    columns: Mapping[str, Recognised]
    joined: int

    @property
    def label(self) -> str:
        """The column of the true value."""
        return self.columns["label"].column

    def rows(self, log: Sample) -> str:
        """SQL for rows of the log (`a`) with their labels (`b`)."""
        return log.joined(self.key.column, self.sample, self.columns["prediction_id"].column)

    def delay(self, log: Sample, time: str) -> tuple[int, str]:
        """How many days labels are to be waited for, and why."""
        known = self.columns.get("known_at")
        if known is None or self.joined < _FEWEST:
            return _DEFAULT_DELAY, "how long labels take is not known: nights wait so many days for them"
        later = f"epoch({self.sample.moment(known.column, 'b.')}) - epoch({log.moment(time, 'a.')})"
        longest = log.count(f"SELECT max({later}) FROM {self.rows(log)}") / 86_400
        days = min(max(math.ceil(longest) + 1, 1), _MOST_DELAY)
        return days, f"the slowest in the sample took {max(longest, 0):.1f} days"


def labels_of(
    connection: duckdb.DuckDBPyConnection, place: str, log: Sample, given: Mapping[str, str], ask: Ask
) -> LabelFiles:
    """The labels of a log.

    Args:
        connection: the session that has the log's sample.
        place: a file, a folder or a glob.
        log: the log's sample.
        given: columns by role, as a person named them.
        ask: who decides what is open.

    Raises:
        DiscoveryError: there are none, or nothing tells how they are joined to the log.
        SourceError: a file cannot be read.
    """
    layout = layout_of(place)
    sample = sampled(connection, layout.source, layout.files)
    key, theirs, joined = _key(log, sample, given.get("prediction_id", ""))
    wanted = {role: column for role, column in given.items() if role in ("label", "known_at")}
    found = recognise(sample, "labels", wanted, ask, without=[theirs.column])
    if "label" not in found:
        used = [theirs.column, *(each.column for each in found.values())]
        found["label"] = _only(sample, used)
    return LabelFiles(layout, sample, key, {"prediction_id": theirs, **found}, joined)


def _only(sample: Sample, used: list[str]) -> Recognised:
    left = [column for column in unused(sample, used) if column.present]
    if len(left) == 1:
        return Recognised(left[0].name, "the only other column", sure=True, option="--label")
    raise DiscoveryError(
        "Which column of the labels is the true value is not clear.",
        remedy="Name it: `--label COLUMN`. There are: "
        f"{', '.join(column.name for column in left) or 'none'}.",
    )


def _key(log: Sample, labels: Sample, given: str) -> tuple[Recognised, Recognised, int]:
    """The columns of log and labels that say which label is of which prediction, and how many rows meet."""
    mine = [given] if given in log.columns else [name for name, each in log.columns.items() if each.unique]
    pairs = []
    for name in mine:
        for other, column in labels.columns.items():
            if column.temporal or not column.present or column.distinct < 2:  # noqa: PLR2004  a constant joins nothing
                continue
            rows = log.count(f"SELECT count(*) FROM {log.joined(name, labels, other)}")
            same = labels.columns[other].plain_name == log.columns[name].plain_name
            if rows or same:
                pairs.append((same, rows, name, other))
    if not pairs:
        raise DiscoveryError(
            "No column of the labels has the ids of the log.",
            remedy="Labels need the id of their prediction: name the log's with `--id COLUMN`. "
            f"The log has {', '.join(mine) or 'no column without repeats'}; "
            f"the labels have {', '.join(labels.columns)}.",
        )
    same, rows, name, other = max(pairs)
    why = f"labels have it too{'' if name == other else f', as {other}'}; {rows:,} rows of the samples meet"
    return (
        Recognised(name, why, sure=rows > 0, option="--id"),
        Recognised(other, "the log's id", sure=rows > 0, option="--id"),
        rows,
    )
