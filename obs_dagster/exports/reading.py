"""What is read for samples: one file in `readings/` each, or a third party's entry point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from obs_dagster.exports.sample import Gauge, Sample
from obs_dagster.exports.seen import Seen
from obs_dagster.kinds import Kinds, Place


class Reading(Protocol):
    """Gives samples of one subject.

    Attributes:
        name: what tells it from others.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    def gauges(self) -> Iterable[Gauge]:
        """Every gauge that its samples may be of; dashboards, rules and docs are made from them."""

    def samples(self, seen: Seen) -> Iterator[Sample]:
        """The present samples."""


READINGS: Kinds[Reading] = Kinds(
    "reading", "obs_dagster.readings", [Place("obs_dagster.exports.readings", "READING")]
)
