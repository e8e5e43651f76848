"""What says which label is of which prediction: the prediction's id, or other columns together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from obs_dagster.discovery.error import DiscoveryError
from obs_dagster.discovery.recognition import Recognised
from obs_dagster.discovery.roles.prediction_id import ROLE, identifies
from obs_dagster.discovery.sample import Sample
from obs_dagster.monitor.log_labels import DAY_OF_KEY

_OPTION = "--id"
_DAYS = ("date", "day", "dt")


@dataclass(frozen=True, slots=True)
class LabelKey:
    """How labels and predictions meet.

    Attributes:
        pairs: the log's column for each of the labels' columns that are compared.
        rows: rows of the samples that meet.
        by_id: whether the column is the id of a prediction.
        day: the column of the labels that is the day of the prediction; empty for none.
    """

    pairs: Mapping[str, str]
    rows: int
    by_id: bool = True
    day: str = ""

    @property
    def of_log(self) -> Recognised | None:
        """The id of the log, if labels have it."""
        if not self.by_id:
            return None
        ((theirs, mine),) = self.pairs.items()
        called = "" if theirs == mine else f", as {theirs}"
        why = f"labels have it too{called}; {self.rows:,} rows of the samples meet"
        return Recognised(mine, why, sure=self.rows > 0, option=_OPTION)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the labels that it is made of."""
        return (*self.pairs, *filter(None, (self.day,)))

    @property
    def keys(self) -> Mapping[str, str]:
        """As `labels.columns.keys` has it; empty if it is the id."""
        return {} if self.by_id else {**self.pairs, **({self.day: DAY_OF_KEY} if self.day else {})}


def label_key(log: Sample, labels: Sample, given: str, taken: Collection[str]) -> LabelKey:
    """The columns that labels and predictions meet by.

    Args:
        log: rows of the log.
        labels: rows of the labels.
        given: the log's id, as a person named it; empty for none.
        taken: columns of the labels that are something else.

    Raises:
        DiscoveryError: there are none.
    """
    found = _by_id(log, labels, given, taken)
    if found is None or not found.rows:
        found = _by_columns(log, labels, taken) or found
    if found is None:
        mine = [name for name, column in log.columns.items() if column.unique]
        raise DiscoveryError(
            "No column of the labels has the ids of the log.",
            remedy="Labels need the id of their prediction: name the log's with `--id COLUMN`. "
            f"The log has {', '.join(mine) or 'no column without repeats'}; "
            f"the labels have {', '.join(labels.columns)}.",
        )
    return found


def _by_id(log: Sample, labels: Sample, given: str, taken: Collection[str]) -> LabelKey | None:
    told_apart = (name for name, each in log.columns.items() if identifies(each, log))
    mine = [given] if given in log.columns else list(told_apart)
    pairs = [
        (_alike(log, name, labels, other), log.meet({other: name}, labels), name, other)
        for name in mine
        for other in _comparable(labels, taken)
    ]
    likely = [pair for pair in pairs if pair[0] or pair[1]]
    if not likely:
        return None
    # of two columns that say the same, that of a request and that of its only prediction, the better name
    ranks = {claim.column: claim.rank for claim in ROLE.claims(log, log.columns.values())}
    _, rows, name, other = max(
        likely, key=lambda pair: (*pair[:2], -ranks.get(pair[2], len(ROLE.names)), pair[3])
    )
    return LabelKey({other: name}, rows)


def _by_columns(log: Sample, labels: Sample, taken: Collection[str]) -> LabelKey | None:
    """Columns that both have by the same name, and a day that labels have beside."""
    shared = {
        other: name
        for other in _comparable(labels, taken)
        for name in log.columns
        if _alike(log, name, labels, other)
    }
    rows = log.meet(shared, labels) if shared else 0
    if not rows:
        return None
    days = [
        name
        for name, column in labels.columns.items()
        if column.temporal and column.plain_name in _DAYS and name not in taken
    ]
    return LabelKey(shared, rows, by_id=False, day=days[0] if days else "")


def _comparable(labels: Sample, taken: Collection[str]) -> list[str]:
    """Columns of labels that could say of which prediction one is; a constant does not, but of one row."""
    return [
        name
        for name, column in labels.columns.items()
        if name not in taken and not column.temporal and column.distinct > (labels.rows > 1)
    ]


def _alike(log: Sample, name: str, labels: Sample, other: str) -> bool:
    return log.columns[name].plain_name == labels.columns[other].plain_name
