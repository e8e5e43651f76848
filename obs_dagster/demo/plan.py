"""Prepares the demo: trains and registers its versions and writes the baseline of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.demo.baseline import has_baseline, quality, write_baseline
from obs_dagster.demo.flights import FEATURES, load_flights
from obs_dagster.demo.models import RECIPES, Recipe, fit, out_of_fold_scores
from obs_dagster.demo.registration import MODEL, is_registered, register
from obs_dagster.explain.explainable import ExplainableModel
from obs_dagster.explain.loading import load_version
from obs_dagster.mlflow_reach.database import make_ready

if TYPE_CHECKING:
    import pandas as pd

FIRST_DAY = dt.date(2013, 6, 10)
"""First day of the replay: three weeks before version 2 takes over half of the traffic."""

LAST_DAY = dt.date(2013, 7, 21)
"""Last day of the replay: six weeks in all, with the summer's thunderstorms."""


@dataclass(frozen=True, slots=True, eq=False)
class DemoPlan:
    """What a replay needs.

    Attributes:
        folder: the demo's folder; logs, labels and baselines are below it.
        flights: all flights of the year, as `load_flights` gives them.
        models: the model that serves each version, as it came out of the registry.
        fingerprint: identifies data and models; a log written under another one is replaced.
        first_day: labels of flights before this day are not replayed, for their predictions are not.
    """

    folder: Path
    flights: pd.DataFrame
    models: Mapping[str, ExplainableModel]
    fingerprint: str
    first_day: dt.date = FIRST_DAY


def prepare(
    home: Path,
    tracking_uri: str,
    *,
    progress: Callable[[str], object] = print,
    flights: pd.DataFrame | None = None,
) -> DemoPlan:
    """Train and register what is not registered yet, write baselines, load the models to serve.

    Running it again reuses what is there, and completes what a killed run left.

    Args:
        home: the home folder of obs-dagster; everything goes to `demo` and `mlartifacts` in it.
        tracking_uri: MLflow's tracking and registry URI.
        progress: told what is being done, one sentence before each step.
        flights: what to train on and replay, as `load_flights` gives it; left out: the whole year.

    Raises:
        DemoError: the flights are not installed, or the registry holds another model of this name.
        ModelLoadError: a registered version cannot be loaded.
    """
    folder = home.absolute() / "demo"
    if flights is None:
        progress("Reading 336,776 flights of 2013 and the weather at departure")
        flights = load_flights()
    make_ready(tracking_uri)
    fingerprints = {}
    for recipe in RECIPES:
        training = recipe.training_rows(flights)
        fingerprint = fingerprints[recipe.version] = recipe.fingerprint(training)
        _train(recipe, training, fingerprint, folder=folder, tracking_uri=tracking_uri, progress=progress)
    models = {}
    for recipe in RECIPES:
        progress(f"Loading version {recipe.version} from the registry")
        models[recipe.version] = load_version(MODEL, recipe.version, tracking_uri)
        # The first call builds what later ones reuse; a server does it before it takes traffic.
        models[recipe.version].predict(flights.loc[:0, list(FEATURES)])
    return DemoPlan(folder, flights, models, fingerprint="-".join(fingerprints.values()))


def _train(
    recipe: Recipe,
    training: pd.DataFrame,
    fingerprint: str,
    *,
    folder: Path,
    tracking_uri: str,
    progress: Callable[[str], object],
) -> None:
    """Do what is missing of: baseline written, model registered."""
    registered = is_registered(recipe, fingerprint, tracking_uri)
    if registered and has_baseline(folder, recipe.version, fingerprint):
        progress(f"Version {recipe.version} ({recipe.algorithm}) is registered already")
        return
    rows = f"{len(training):,} flights of January to {training['date'].max():%B}"
    progress(f"Scoring version {recipe.version}'s baseline out of fold: {rows}")
    scores = out_of_fold_scores(recipe, training)
    baseline = write_baseline(folder, recipe.version, training, scores, fingerprint)
    if registered:
        return
    progress(f"Training version {recipe.version} ({recipe.algorithm}) and registering it in MLflow")
    register(
        recipe,
        fit(recipe, training),
        training,
        metrics=quality(training, scores),
        fingerprint=fingerprint,
        baseline=baseline,
        tracking_uri=tracking_uri,
        artifacts=folder.parent / "mlartifacts" / "training",
    )
