"""The books of labels in numbers: which have found their prediction, and where the others are."""

from __future__ import annotations

from typing import Protocol

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.tally import Tally


class LabelAccounts(Protocol):
    """Where the labels of a model are (see `obs_dagster.sources.label_book`)."""

    @property
    def matched(self) -> int: ...  # noqa: D102

    @property
    def waited_for(self) -> int: ...  # noqa: D102

    @property
    def conflicts(self) -> int: ...  # noqa: D102

    @property
    def without_use(self) -> int: ...  # noqa: D102

    @property
    def unaccounted(self) -> int: ...  # noqa: D102


_LABELS: Tally[LabelAccounts] = Tally(
    family="labels",
    unit="labels",
    behind=lambda book: book.matched + book.waited_for + book.without_use,
    formula="count of labels that there are, as the night knew them.",
    needs=("labels.columns",),
    incident="labels",
)

METRICS = (
    _LABELS.count(
        "labels_joined",
        "Labels with their prediction",
        "How many predictions have a label, of all days and versions; corrected labels count once.",
        lambda book: book.matched,
    ),
    _LABELS.count(
        "labels_waiting",
        "Labels that wait",
        "How many labels have an id of which no day that was run has a prediction.",
        lambda book: book.waited_for,
    ),
    _LABELS.count(
        "labels_conflicting",
        "Ids with conflicting labels",
        "How many ids had two different labels that became known at one time, when labels were read last.",
        lambda book: book.conflicts,
    ),
    _LABELS.count(
        "labels_unusable",
        "Rows of labels without use",
        "How many rows of label files are no label: without an id, a value or a meaning, or kept back.",
        lambda book: book.without_use,
        formula="rows of all label files - rows with an id and a label that is used.",
    ),
    _LABELS.count(
        "labels_unaccounted",
        "Unaccounted labels",
        "How many labels were read last and are nowhere: neither with their prediction nor waiting, "
        "repeated, unusable or of a forgotten id. Anything but 0 is a fault of obs-dagster.",
        lambda book: book.unaccounted,
        formula="|labels read and labels that waited - repeated - of forgotten ids - joined - waiting| + "
        "rows that are of no kind.",
        watched=(
            DefaultRule(
                name="labels_unaccounted",
                above=0.0,
                min_rows=1,
                summary="Labels were read and are nowhere. Run the night again; if it stays, report it with "
                "what `obs doctor` says.",
                why="Every label finds its prediction, or it is said where it is. There is no number of "
                "labels that may be lost.",
            ),
        ),
    ),
)
