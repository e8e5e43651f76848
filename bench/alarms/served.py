"""The demo's flights with their models, and what serving them would have left, with or without a fault."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.alarms.nights import Models, Registered
from obs_dagster.demo.baseline import write_baseline
from obs_dagster.demo.flights import FEATURES, LABEL
from obs_dagster.demo.log_rows import log_rows, to_arrow
from obs_dagster.demo.models import RECIPES, Recipe, fit, out_of_fold_scores, score
from obs_dagster.demo.replay import arrivals, departing, serving_version

if TYPE_CHECKING:
    import pandas as pd

Change = Callable[["pd.DataFrame"], "pd.DataFrame"]
Serving = Callable[[str, dt.date], str]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong on a day, in the order in which it would.

    Attributes:
        inputs: what the model is given; the features of the day's flights.
        log: what is written down; the log's rows.
        truth: what the airlines report; flight ids with labels.
        awaited: for so many nights labels are waited for, before what is wrong with them is judged.
    """

    inputs: Change | None = None
    log: Change | None = None
    truth: Change | None = None
    awaited: int = 0


QUIET = Fault()


@dataclass(frozen=True)
class Served:
    """A folder with baselines, logs and labels of the demo's model.

    Attributes:
        folder: the folder.
        flights: all flights, as `load_flights` gives them.
        models: per version its recipe, and the model that it gave.
        first_day: flights before it have no labels.
        serving: which version serves a flight on a day.
    """

    folder: Path
    flights: pd.DataFrame
    models: Mapping[str, tuple[Recipe, Any]]
    first_day: dt.date
    serving: Serving = field(default=serving_version)

    @property
    def registered(self) -> Models:
        """The versions as the registry has them."""
        return {name: Registered(FEATURES, partial(score, *of)) for name, of in self.models.items()}

    def day(self, day: dt.date, fault: Fault = QUIET, blamed: Mapping[dt.date, Fault] | None = None) -> None:
        """Write a day's log, and the labels that come in on the next morning, before the night begins.

        Args:
            day: the day.
            fault: what goes wrong with its log.
            blamed: by the day of the flights, what goes wrong with their labels.
        """
        self._write(f"logs/day={day}/predictions.parquet", self._log(day, fault))
        labels = arrivals(self.flights, day + dt.timedelta(days=1), LABEL, self.first_day)
        if labels.empty:
            return
        labels = labels.astype({LABEL: bool})
        for of, wrong in (blamed or {}).items():
            if wrong.truth is not None:
                theirs = labels["flight_id"].str.startswith(of.isoformat())
                labels.loc[theirs] = wrong.truth(labels.loc[theirs])
        self._write(f"labels/arrived={day}.parquet", labels)

    def _log(self, day: dt.date, fault: Fault) -> pd.DataFrame:
        import pandas as pd

        flights = departing(self.flights, day)
        if fault.inputs is not None:
            flights = fault.inputs(flights.copy())
        version = flights["flight_id"].map(lambda flight: self.serving(flight, day))
        parts = [
            log_rows(batch, str(of), score(*self.models[str(of)], batch))
            for of, batch in flights.groupby(version, sort=True)
        ]
        rows = pd.concat(parts, ignore_index=True)
        chance = np.random.default_rng(day.toordinal())
        # such as a service has them: some 20 ms, with a tail; of a thousand requests one fails
        rows["latency_ms"] = chance.lognormal(3.0, 0.4, len(rows))
        rows["status"] = np.where(chance.uniform(size=len(rows)) < 0.001, "error", "ok")
        return rows if fault.log is None else fault.log(rows)

    def _write(self, place: str, rows: pd.DataFrame) -> None:
        import pyarrow.parquet as pq

        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(to_arrow(rows, {}), path)


def trained(
    folder: Path,
    flights: pd.DataFrame,
    first_day: dt.date,
    serving: Serving = serving_version,
    recipes: Sequence[Recipe] = RECIPES,
) -> Served:
    """Train versions, and write the baseline of each.

    Args:
        folder: for baselines, logs and labels.
        flights: what to train on, and to serve.
        first_day: the first day that will be served.
        serving: which version serves a flight on a day.
        recipes: the versions; left out: the demo's.
    """
    models = {}
    for recipe in recipes:
        rows = recipe.training_rows(flights)
        write_baseline(folder, recipe.version, rows, out_of_fold_scores(recipe, rows), "")
        models[recipe.version] = recipe, fit(recipe, rows)
    return Served(folder, flights, models, first_day, serving)
