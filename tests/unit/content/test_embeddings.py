"""What vectors are described by, against NumPy and scikit-learn on the same data."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import ks_2samp
from sklearn.metrics import pairwise_distances_argmin_min

from obs_dagster.content.embedding.clusters import learn_clusters, nearest
from obs_dagster.content.embedding.projections import PROJECTIONS, directions
from obs_dagster.content.protocol import calls_of_learned, fault_column, filled, register
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import ingest_logs

DIMENSION = 32


@pytest.fixture
def described(small, day):
    """Ingests vectors of a day; gives their rows in the lake."""

    def make(vectors, *, kind="parquet", **keys):
        world = small(
            features={"vector": {"type": "embedding", "dimension": DIMENSION, **keys}},
            segments=[],
            logs={
                "source": kind,
                "path": f"logs/{{day}}.{kind}",
                "columns": {"prediction_id": "id", "time": "at", "version": "model", "score": "score"},
            },
        )
        rows = world.rows(day, len(vectors)).assign(vector=pd.Series(vectors, dtype=object))
        world.log(day, rows, kind=kind)
        ingest_logs(world.monitor, day, world.lake)
        table = world.lake.table("small", "inference_logs").read(day).to_pandas()
        return table.set_index("id").loc[rows["id"]]

    return make


def vectors(n, *, seed=0, at=0.0):
    return np.random.default_rng(seed).normal(at, 1, (n, DIMENSION)).astype(np.float32)


def test_directions_are_orthogonal_and_stay_what_they_are():
    found = directions(384).astype(float)
    assert found.shape == (PROJECTIONS, 384)
    assert found @ found.T == pytest.approx(384 * np.eye(PROJECTIONS), abs=1e-2)
    # with other ones, days that were counted before would not add up with later ones
    assert found[0, :3] == pytest.approx(directions(384)[0, :3])
    assert directions(4).shape == (PROJECTIONS, 4)


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_projections_and_norms_are_those_of_numpy(described, kind):
    given = vectors(300)
    rows = described([each.tolist() for each in given], kind=kind)
    norms = np.linalg.norm(given, axis=1)
    assert rows["vector_norm"].to_numpy() == pytest.approx(norms, rel=1e-5)
    expected = given @ directions(DIMENSION).T / norms[:, None]
    found = rows[[f"vector_p{place:02}" for place in range(PROJECTIONS)]].to_numpy()
    assert found == pytest.approx(expected, abs=1e-4)


def test_vectors_that_cannot_be_used_are_faults(described):
    sound = [1.0] * DIMENSION
    given = [
        sound,
        sound[1:],
        [*sound, 1.0],
        [],
        [float("inf"), *sound[1:]],
        [None, *sound[1:]],
        None,
        [0.0] * DIMENSION,
    ]
    rows = described(given, nullable=False)
    assert rows[fault_column("vector")].replace({np.nan: None}).tolist() == [
        None,
        "dimension 31",
        "dimension 33",
        "dimension 0",
        "infinite",
        "gap",
        "missing",
        None,
    ]
    assert rows["vector_p00"].isna().tolist() == [False, *[True] * 7]
    # a vector of zeros points nowhere, and has a length
    assert rows["vector_norm"].iloc[7] == 0


def test_not_a_number_is_no_number(small, day):
    world = small(features={"vector": {"type": "embedding", "dimension": 2}}, segments=[])
    given = pa.array([[1.0, float("nan")], [3.0, 4.0]], pa.list_(pa.float64()))
    path = world.log(day, world.rows(day, 2))
    pq.write_table(pq.read_table(path).append_column("vector", given), path)
    ingest_logs(world.monitor, day, world.lake)
    rows = world.lake.table("small", "inference_logs").read(day)
    assert rows[fault_column("vector")].to_pylist() == ["infinite", None]
    assert rows["vector_norm"].to_pylist() == [None, 5.0]


def relation(given):
    table = pa.table({"x": pa.array(given.tolist(), pa.list_(pa.float32()))})
    connection = connect()
    register(connection, calls_of_learned())
    return connection.from_arrow(table)


def learned_from(given):
    return learn_clusters(relation(given), "x", DIMENSION)


def told(learned, given):
    found = nearest(learned, DIMENSION)
    known = ["x"]
    for stage in found.stages:
        known.append(f"({filled(stage, known)})")
    columns = ", ".join(f"{filled(sql, known)} AS {name}" for name, sql in found.descriptors.items())
    return relation(given).query("vectors", f"SELECT {columns} FROM vectors").df()


def test_clusters_are_the_nearest_as_scikit_learn_finds_them():
    given, others = vectors(2_000), vectors(200, seed=1)
    learned = learned_from(given)
    found = told(learned, others)
    units = others / np.linalg.norm(others, axis=1)[:, None]
    for half, centres in zip("ba", learned["centres"], strict=True):
        chosen = found["cluster"].str.startswith(half).to_numpy()
        place, distance = pairwise_distances_argmin_min(units[chosen], np.array(centres))
        assert chosen.sum() > 50
        assert found["distance"][chosen].to_numpy() == pytest.approx(distance, abs=1e-4)
        assert found["cluster"][chosen].str[1:].astype(int).to_numpy().tolist() == (place + 1).tolist()


def test_vectors_that_were_learned_from_are_as_far_as_others():
    given, others = vectors(1_200), vectors(1_200, seed=1)
    learned = learned_from(given)
    inside, outside = told(learned, given)["distance"], told(learned, others)["distance"]
    assert ks_2samp(inside, outside).pvalue > 0.01
    # by the centres of their own half they would be nearer
    own = {"centres": learned["centres"][::-1]}
    assert told(own, given)["distance"].mean() < outside.mean() - 3 * outside.std() / np.sqrt(len(outside))


def test_too_few_vectors_teach_nothing():
    assert learned_from(vectors(60)) == {}


def test_vectors_of_the_baseline_that_are_none_teach_nothing_and_are_told_nothing():
    given = vectors(400)
    given[0, 0], given[1, -1] = np.nan, np.inf
    learned = learned_from(given)
    assert learned["centres"][0]
    found = told(learned, given)
    assert found["cluster"].isna().tolist()[:2] == [True, True]
    assert found["cluster"][2:].notna().all()
