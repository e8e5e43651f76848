"""Trains, registers and replays the demo's siblings, each below a folder of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obs_dagster.demo.flights import FEATURES
from obs_dagster.demo.log_rows import to_arrow
from obs_dagster.demo.models import FloatArray, fit, out_of_fold_scores, score
from obs_dagster.demo.plan import LAST_DAY
from obs_dagster.demo.registration import is_registered, register
from obs_dagster.demo.replay import arrivals, departing
from obs_dagster.demo.siblings import SIBLINGS, Sibling
from obs_dagster.lake.lake import manifest_if_readable, manifest_metadata, replacing

if TYPE_CHECKING:
    import pandas as pd

FIRST_DAY = dt.date(2013, 7, 1)
"""First day of the siblings' replay: three weeks in all."""

#: Parts of the training rows that are held out in turn; enough for an honest baseline.
_FOLDS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Serving:
    """A sibling that is ready to serve.

    Attributes:
        sibling: the model.
        booster: its trees.
        fingerprint: identifies data and model; files that were written under another one are replaced.
        folder: where its logs, labels and baseline are.
    """

    sibling: Sibling
    booster: Any
    fingerprint: str
    folder: Path


def prepare_fleet(
    home: Path, tracking_uri: str, flights: pd.DataFrame, *, progress: Callable[[str], object] = print
) -> list[Serving]:
    """Train and register the siblings that are not there yet, and write the baseline of each.

    Raises:
        DemoError: the registry holds another model of one of the names.
    """
    found = []
    for sibling in SIBLINGS:
        training = sibling.training_rows(flights)
        fingerprint = sibling.recipe.fingerprint(training)
        folder = home.absolute() / "demo" / sibling.model
        registered = is_registered(sibling.recipe, fingerprint, tracking_uri, sibling.model)
        baseline = folder / "baseline" / "version=1" / "training.parquet"
        trees = folder / "model.txt"
        if registered and trees.exists() and _written(baseline, fingerprint):
            progress(f"{sibling.model} is registered already")
            found.append(Serving(sibling, _kept(trees), fingerprint, folder))
            continue
        progress(f"Training {sibling.model}, scoring its baseline out of fold and registering it")
        truth = sibling.truth(training)
        held_out = out_of_fold_scores(sibling.recipe, training, truth, folds=_FOLDS)
        rows = sibling.log_rows(training, held_out)
        rows[sibling.target.label] = training[sibling.target.label]
        _write(baseline, rows, fingerprint)
        booster = fit(sibling.recipe, training, truth)
        with replacing(trees) as aside:
            booster.save_model(aside)
        if not registered:
            register(
                sibling.recipe,
                booster,
                training,
                metrics=sibling.quality(training, held_out),
                fingerprint=fingerprint,
                baseline=baseline,
                tracking_uri=tracking_uri,
                artifacts=home.absolute() / "mlartifacts" / "training",
                target=sibling.target,
            )
        found.append(Serving(sibling, booster, fingerprint, folder))
    return found


def replay_fleet(
    fleet: list[Serving], flights: pd.DataFrame, first: dt.date = FIRST_DAY, last: dt.date = LAST_DAY
) -> None:
    """Write the logs and label files of days that are not there yet, both ends included."""
    days = [first + dt.timedelta(days=offset) for offset in range((last - first).days + 1)]
    for serving in fleet:
        for day in days:
            _replay_day(serving, flights, day)


def _replay_day(serving: Serving, flights: pd.DataFrame, day: dt.date) -> None:
    sibling = serving.sibling
    path = serving.folder / "logs" / f"day={day}" / "predictions.parquet"
    if not _written(path, serving.fingerprint):
        leaving = departing(flights, day)
        put_out: FloatArray = score(sibling.recipe, serving.booster, leaving[list(FEATURES)])
        _write(path, sibling.log_rows(leaving, put_out), serving.fingerprint)
    path = serving.folder / "labels" / f"arrived={day}.parquet"
    if not _written(path, serving.fingerprint):
        labels = arrivals(flights, day, sibling.target.label, FIRST_DAY)
        if not labels.empty:
            _write(path, labels, serving.fingerprint)


def _kept(path: Path) -> Any:
    """The booster that an earlier run has trained."""
    import lightgbm

    return lightgbm.Booster(model_file=path)


def _written(path: Path, fingerprint: str) -> bool:
    """Whether a file is there, whole, and of this training."""
    found: Mapping[str, Any] = manifest_if_readable(path) or {}
    return found.get("fingerprint") == fingerprint


def _write(path: Path, rows: pd.DataFrame, fingerprint: str) -> None:
    import pyarrow.parquet as pq

    table = to_arrow(rows, manifest_metadata({"fingerprint": fingerprint}))
    with replacing(path) as aside:
        pq.write_table(table, aside, compression="zstd")
