"""What reads and judges a model's rows: the keys of every engine.

An engine is found by its place, `obs_dagster/engine/<name>.py`, or by an entry point of a third party; what
it can do says `obs_dagster.engine.protocol`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

from obs_dagster.kinds import Kinds, Place
from obs_dagster.monitor.choice import Choice, kind_of
from obs_dagster.monitor.document import Document

T = TypeVar("T")
X = TypeVar("X")
R = TypeVar("R")

DEFAULT_ENGINE = "duckdb"
"""What reads the rows of a monitor that does not say."""


class EngineKeys(Choice):
    """What reads the rows.

    Attributes:
        reads_in_place: whether it can read rows from files of the source, where the lake has no copy.
        rows_stay: whether it counts rows where the source has them, so that the lake never has any.
    """

    reads_in_place: ClassVar[bool] = False
    rows_stay: ClassVar[bool] = False

    @property
    def sample_rows(self) -> int:
        """How many rows of each version and day may be fetched where rows stay at their source."""
        return 0

    @property
    def reads_here(self) -> bool:
        """Whether this process is one that reads rows; else what reads rows is done `elsewhere`."""
        return True

    def elsewhere(self, work: Callable[[], R], *, personal: bool = False) -> R:
        """Do work where rows are read; see `obs_dagster.monitor.row_work.reads_rows`.

        Args:
            work: is pickled, and so is what it returns or raises.
            personal: whether it needs the key of pseudonyms.
        """
        del personal
        return work()

    def in_parts(
        self,
        each: Callable[[T], X],
        parts: Sequence[T],
        whole: Callable[[list[X]], R],
        *,
        personal: bool = False,
    ) -> R:
        """Do work on parts of the rows, and then what is to be done with all that was found.

        Neither parts nor what is found of one come through this process, if rows are read elsewhere.

        Args:
            each: is called with each part, several at once where there are several workers.
            parts: what there is to do.
            whole: is called with what was found, in the order of the parts.
            personal: as for `elsewhere`.
        """
        del personal
        return whole([each(part) for part in parts])


ENGINES: Kinds[type[EngineKeys]] = Kinds(
    "engine", "obs_dagster.engines", [Place("obs_dagster.engine", "ENGINE")], kind_of
)


def default_engine() -> EngineKeys:
    """The engine of a monitor that names none."""
    return ENGINES.named(DEFAULT_ENGINE).model_validate({"kind": DEFAULT_ENGINE})


def engine_in(document: Document) -> type[EngineKeys] | None:
    """The engine that a document names, in short or as a mapping; None if there is no such."""
    named = document.text("engine") or document.text("engine", "kind") or ""
    return ENGINES.all().get(named)
