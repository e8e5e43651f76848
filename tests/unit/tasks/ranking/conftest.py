"""Rows of rankings, the outcomes that they reduce to, and what they are one request at a time."""

import math
from collections import defaultdict
from types import SimpleNamespace

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest

from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.grids.grid import CategoryGrid, Grids
from obs_dagster.tasks.outcomes import OutcomeProfile
from obs_dagster.tasks.ranking.outcomes import OUTCOMES


def drawn(seed, requests, *, longest=12, grades=(0.75, 0.15, 0.1), decimals=None, labelled=1.0, items=40):
    """Rows of requests of 1 to `longest` items; higher grades have higher scores on average."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, longest + 1, requests)
    request = np.repeat(np.arange(requests), sizes)
    n = len(request)
    label = rng.choice(len(grades), n, p=grades).astype(float)
    score = rng.normal(size=n) + label
    if decimals is not None:
        score = np.round(score, decimals)
    label[rng.random(n) >= labelled] = np.nan
    item = np.concatenate([rng.choice(items, size, replace=False) for size in sizes])
    order = rng.permutation(n)
    return {
        "request": [f"r{each}" for each in request[order]],
        "item": [f"i{each}" for each in item[order]],
        "score": score[order],
        "_obs_label": label[order],
        "carrier": rng.choice(["AA", "UA"], requests)[request[order]],
    }


def table(rows, version="1"):
    """Rows as the engine has them: labels that are not known are null."""
    columns = {name: pa.array(values) for name, values in rows.items() if name != "_obs_label"}
    label = np.asarray(rows["_obs_label"], dtype=float)
    columns["_obs_label"] = pa.array(label, mask=np.isnan(label))
    return pa.table({"model": pa.array([version] * len(label), pa.string()), **columns})


def by_request(rows, order="score", chosen=None):
    """The scores and labels of every request."""
    groups = defaultdict(lambda: ([], []))
    for place, request in enumerate(rows["request"]):
        if chosen is None or chosen[place]:
            groups[request][0].append(rows[order][place])
            groups[request][1].append(rows["_obs_label"][place])
    return [(np.array(score), np.array(label)) for score, label in groups.values()]


def worth(score, label, k, relevant_from=1.0):
    """The values of one evaluated request, by definition; NDCG is scikit-learn's in the tests."""
    relevant = label >= relevant_from
    # tied rows share the last of their places
    place = np.array([(score >= own).sum() for own in score])
    found = int((relevant & (place <= k)).sum())
    in_all = int(relevant.sum())
    if not in_all:
        return dict.fromkeys(("mrr", "map", "hit_rate", "precision_at", "recall_at"), 0.0)
    precisions = [(relevant & (place <= own)).sum() / own for own in place[relevant] if own <= k]
    return {
        "mrr": 1 / place[relevant].min(),
        "map": math.fsum(precisions) / min(k, in_all),
        "hit_rate": float(found > 0),
        "precision_at": found / k,
        "recall_at": found / in_all,
    }


@pytest.fixture
def monitor(small):
    """A monitor of a ranking model."""

    def make(*, columns=None, segments=("carrier",), **ranking):
        roles = {"prediction_id": "id", "time": "at", "version": "model"}
        roles |= columns or {"score": "score"}
        roles |= {"request": "request", "item": "item"}
        logs = {"source": "parquet", "path": "logs/{day}.*", "columns": roles}
        return small(task="ranking", logs=logs, segments=list(segments), ranking=ranking).monitor

    return make


@pytest.fixture
def ranked(monitor):
    """Reduces rows, and evaluates a cell of them."""

    def reduce(rows, *, by=(), version="1", **options):
        frame = rows if isinstance(rows, pa.Table) else table(rows, version)
        lazy = nw.from_native(duckdb.connect().from_arrow(frame))
        return OUTCOMES.reduce(lazy, monitor(**options), Grids({"carrier": CategoryGrid()}), by)

    def inputs(outcomes, *, version="1", segment=WHOLE, **options):
        cell = OutcomeProfile(outcomes, OUTCOMES).cell(version, segment)
        return dict(OUTCOMES.inputs(cell, monitor(**options), segment, 0))

    def evaluated(rows, **options):
        """Estimates by column and metric."""
        where = {key: options.pop(key) for key in ("version", "segment") if key in options}
        outcomes = reduce(rows, **options)
        found = inputs(outcomes, **where, **options)
        return {column: evaluate("performance", given, task="ranking") for column, given in found.items()}

    return SimpleNamespace(
        rows=drawn,
        table=table,
        by_request=by_request,
        worth=worth,
        reduce=reduce,
        inputs=inputs,
        evaluated=evaluated,
    )
