"""What each version is compared with: the keys of every kind of baseline.

A kind is found by its place, `obs_dagster/baselines/kinds/<kind>.py`, or by an entry point of a third party;
what it can do says `obs_dagster.baselines.protocol`.
"""

from __future__ import annotations

from typing import ClassVar

from obs_dagster.kinds import Kinds, Place
from obs_dagster.monitor.choice import Choice, kind_of
from obs_dagster.monitor.document import Document


class BaselineKeys(Choice):
    """What each version is compared with.

    Attributes:
        of_log: whether its rows are rows of the log.
        labelled: whether its rows may have labels, in the column that the label files have.
        moves_along: whether it is the nights before, so that what stays changed is soon compared with itself.
    """

    of_log: ClassVar[bool] = True
    labelled: ClassVar[bool] = False
    moves_along: ClassVar[bool] = False


BASELINES: Kinds[type[BaselineKeys]] = Kinds(
    "kind of baseline",
    "obs_dagster.baselines",
    [Place("obs_dagster.baselines.kinds", "BASELINE")],
    kind_of,
)


def baseline_in(document: Document) -> type[BaselineKeys] | None:
    """The kind of baseline that a document names; None if there is no such."""
    return BASELINES.all().get(document.text("baseline", "kind") or "")
