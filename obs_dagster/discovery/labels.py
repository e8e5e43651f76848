"""Labels beside a log: where they are, which column is joined on, and what they say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from obs_dagster.discovery.asking import Ask
from obs_dagster.discovery.error import DiscoveryError
from obs_dagster.discovery.label_key import LabelKey, label_key
from obs_dagster.discovery.layout import Layout, layout_of
from obs_dagster.discovery.recognition import Recognised, recognise, unused
from obs_dagster.discovery.sample import Sample, sampled
from obs_dagster.discovery.table import table_at

if TYPE_CHECKING:
    import duckdb

#: Rows that must be joined before delays are believed.
_FEWEST = 20
_MOST_DELAY = 366

DEFAULT_DELAY = 7
"""Days that labels are waited for where nothing tells how long they take."""


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """Labels, as far as a sample tells.

    Attributes:
        layout: where the files are.
        sample: some rows of them.
        key: what says which label is of which prediction.
        columns: the column of each role.
    """

    layout: Layout
    sample: Sample
    key: LabelKey
    columns: Mapping[str, Recognised]

    @property
    def label(self) -> str:
        """The column of the true value."""
        return self.columns["label"].column

    def rows(self, log: Sample) -> str:
        """SQL for rows of the log (`a`) with their labels (`b`)."""
        return log.joined(self.key.pairs, self.sample)

    def delay(self, log: Sample, time: str) -> tuple[int, str]:
        """How many days labels are to be waited for, and why."""
        known = self.columns.get("known_at")
        if known is None or self.key.rows < _FEWEST:
            return DEFAULT_DELAY, "how long labels take is not known: nights wait so many days for them"
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
    layout = table_at(place) or layout_of(place)
    sample = sampled(connection, layout)
    wanted = {role: column for role, column in given.items() if role in ("label", "known_at")}
    key = label_key(log, sample, given.get("prediction_id", ""), wanted.values())
    found = recognise(sample, "labels", wanted, ask, without=key.columns)
    if "label" not in found:
        found["label"] = _only(sample, [*key.columns, *(each.column for each in found.values())])
    if key.by_id:
        found["prediction_id"] = Recognised(key.columns[0], "the log's id", sure=key.rows > 0, option="--id")
    return LabelFiles(layout, sample, key, found)


def _only(sample: Sample, used: list[str]) -> Recognised:
    left = [column for column in unused(sample, used) if column.present]
    if len(left) == 1:
        return Recognised(left[0].name, "the only other column", sure=True, option="--label")
    raise DiscoveryError(
        "Which column of the labels is the true value is not clear.",
        remedy="Name it: `--label COLUMN`. There are: "
        f"{', '.join(column.name for column in left) or 'none'}.",
    )
