"""What reads and judges a model's rows: the keys of every engine.

An engine is found by its place, `obs_dagster/engine/<name>.py`, or by an entry point of a third party; what
it can do says `obs_dagster.engine.protocol`.
"""

from __future__ import annotations

from typing import ClassVar

from obs_dagster.kinds import Kinds, Place
from obs_dagster.monitor.choice import Choice, kind_of
from obs_dagster.monitor.document import Document

DEFAULT_ENGINE = "duckdb"
"""What reads the rows of a monitor that does not say."""


class EngineKeys(Choice):
    """What reads the rows.

    Attributes:
        reads_in_place: whether it can read rows from files of the source, where the lake has no copy.
    """

    reads_in_place: ClassVar[bool] = False


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
