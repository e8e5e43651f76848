"""Rows of models with several classes, and the outcomes that they reduce to."""

from dataclasses import dataclass
from types import SimpleNamespace

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest

from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.grids.grid import CategoryGrid, Grids
from obs_dagster.tasks.multiclass.counts import ClassOutcomes
from obs_dagster.tasks.multiclass.expressions import reduce_outcome_frame
from obs_dagster.tasks.multiclass.outcomes import OUTCOMES
from obs_dagster.tasks.multiclass.table import CELL_GRID, WHOLE_GRID
from obs_dagster.tasks.outcomes import OutcomeProfile


@dataclass
class Rows:
    """Labels by the number of the class, -1 where unknown; and scores, shape (rows, classes)."""

    names: list[str]
    label: np.ndarray
    scores: np.ndarray

    @property
    def labels(self):
        return np.array([*self.names, None], dtype=object)[self.label]

    @property
    def prediction(self):
        return np.array(self.names, dtype=object)[self.scores.argmax(axis=1)]

    def table(self, **more):
        columns = {f"p_{name}": self.scores[:, place] for place, name in enumerate(self.names)}
        return pa.table(
            {
                "model": ["1"] * len(self.label),
                **columns,
                "_obs_label": pa.array(self.labels, pa.string()),
                **more,
            }
        )


def drawn(seed, n, classes, *, sharpness=1.5, decimals=None, balance=1.0):
    """Rows of a model whose scores are softmax of noise around the label; later classes are rarer."""
    rng = np.random.default_rng(seed)
    share = balance ** np.arange(classes)
    label = rng.choice(classes, n, p=share / share.sum())
    logits = rng.normal(size=(n, classes)) + np.log(share)
    logits[np.arange(n), label] += sharpness
    scores = np.exp(logits)
    scores /= scores.sum(axis=1, keepdims=True)
    if decimals is not None:
        scores = np.round(scores, decimals)
    return Rows([f"class {place}" for place in range(classes)], label, scores)


def cell(table, classes, version="1", segment=WHOLE, seed=0, *, scores=True):
    """The outcomes of one cell of a table of them."""
    part = OutcomeProfile(table, OUTCOMES).cell(version, segment)
    grid = WHOLE_GRID if segment == WHOLE else CELL_GRID
    return ClassOutcomes.of(part, classes, grid=grid, with_scores=scores, seed=seed)


def replaced(table, columns):
    """A table with some columns put in."""
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        column = pa.array(values)
        table = table.append_column(name, column) if place < 0 else table.set_column(place, name, column)
    return table


@pytest.fixture
def monitor(small):
    """A monitor of a model with these classes; with scores unless told otherwise."""

    def make(names, *, scores=True, prediction=None, segments=("carrier",), tolerance=1e-3):
        columns = {"prediction_id": "id", "time": "at", "version": "model"}
        columns["scores"] = {name: f"p_{name}" for name in names} if scores else None
        columns["prediction"] = prediction
        logs = {"source": "parquet", "path": "logs/{day}.*", "columns": columns}
        return small(
            task="multiclass_classification",
            logs=logs,
            segments=list(segments),
            multiclass={"classes": list(names), "tolerance": tolerance},
        ).monitor

    return make


@pytest.fixture
def reduced(monitor):
    """The table of outcomes of some rows, by loops over batches or by expressions, which any engine has."""

    def run(table, names, *, by=(), engine="loops", session=None, **options):
        if session is not None:
            rows = nw.from_native(session.createDataFrame(table))
        else:
            # Narwhals unpivots on DuckDB's default connection alone
            connection = duckdb.connect() if engine == "loops" else duckdb
            rows = nw.from_native(connection.from_arrow(table))
        run_on = OUTCOMES.reduce if engine == "loops" else reduce_outcome_frame
        return run_on(rows, monitor(names, **options), Grids({"carrier": CategoryGrid()}), by)

    return run


@pytest.fixture
def raw(reduced):
    def outcomes(rows, *, seed=0, **more):
        options = {key: more.pop(key) for key in ("prediction", "scores") if key in more}
        table = reduced(
            rows.table() if not more else replaced(rows.table(), more), rows.names, segments=(), **options
        )
        return cell(table, rows.names, seed=seed, scores=options.get("scores", True))

    return SimpleNamespace(rows=drawn, cell=cell, outcomes=outcomes, Rows=Rows)
