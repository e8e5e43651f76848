"""What a page of how right a model was is made from: sampled rows with their labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from obs_dagster.monitor.data import Labels
from obs_dagster.monitor.model import Monitor

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Sampled:
    """Sampled rows of one version.

    Attributes:
        labels: where its labels come from.
        current: rows of the day, with the label in `_obs_label`.
        baseline: rows of its training data, if that is what it is compared with and has labels.
        about: the model, version and day, for the heading.
    """

    monitor: Monitor
    labels: Labels
    current: pd.DataFrame
    baseline: pd.DataFrame | None
    about: str


def chosen(rows: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Some columns under other names, without those of the log that have these names already."""
    present = {old: new for old, new in names.items() if old in rows.columns}
    return rows[list(present)].rename(columns=present)
