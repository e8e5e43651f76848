"""The nearest centres of points, and products of many rows, against NumPy and scikit-learn."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import pairwise_distances_argmin_min

from obs_dagster.content.image.colours import colour_distance, learn_colours
from obs_dagster.content.nearest import centres_of
from obs_dagster.content.products import norms, product, rows_of
from obs_dagster.content.protocol import calls_of_learned, filled, register
from obs_dagster.sources.files import connect


def drawn(rows, columns, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)


@given(rows=st.integers(0, 100), columns=st.integers(1, 40), seed=st.integers(0, 99))
def test_a_row_s_product_is_that_of_numpy_and_the_same_wherever_it_stands(rows, columns, seed):
    given_rows, matrix = drawn(rows, columns, seed), drawn(columns, 5, seed + 1)
    found = product(given_rows, matrix)
    assert found == pytest.approx(given_rows.astype(float) @ matrix, abs=1e-4)
    order = np.random.default_rng(seed).permutation(rows)
    assert (product(given_rows[order], matrix) == found[order]).all()
    assert (product(given_rows[: rows // 2], matrix) == found[: rows // 2]).all()
    assert norms(given_rows) == pytest.approx(np.linalg.norm(given_rows, axis=1), rel=1e-5)


@pytest.mark.parametrize("kind", [pa.list_(pa.float32(), 2), pa.list_(pa.float32())])
def test_vectors_that_are_not_there_are_zeros(kind):
    values = [[1, 2], None, [3, 4], None, [5, 6]]
    whole = pa.array(values, kind)
    expected = [[3, 4], [0, 0], [5, 6]]
    for column in (whole.slice(2), pa.chunked_array([whole.slice(2, 1), whole.slice(3)])):
        rows, there = rows_of(column, 2)
        assert rows.tolist() == expected
        assert there.tolist() == [True, False, True]
    assert rows_of(pa.chunked_array([], kind), 2)[0].shape == (0, 2)


def test_points_that_are_all_the_same_are_one_cluster():
    points = np.ones((400, 3), np.float32)
    found = centres_of(points, np.arange(400) % 2, 64)["centres"]
    assert found == [[[1, 1, 1]], [[1, 1, 1]]]
    # of one half nothing is known, so the other cannot be told
    assert centres_of(points, np.zeros(400), 64) == {}


def coloured(colours):
    names = ["x_red", "x_green", "x_blue"]
    table = pa.table({name: colours[:, place].astype(float) for place, name in enumerate(names)})
    connection = connect()
    register(connection, calls_of_learned())
    return connection.from_arrow(table)


def distances(learned, colours):
    told = colour_distance(learned)
    known = ["x"]
    for stage in told.stages:
        known.append(f"({filled(stage, known)})")
    sql = filled(told.descriptors["colour_distance"], known)
    found = coloured(colours).query("images", f"SELECT x_red, {sql} AS far FROM images").df()
    return found["far"].to_numpy(float)


def skies_and_flowers(number, seed=0):
    """Colours from pale to deep blue, and from pale to deep orange."""
    chance = np.random.default_rng(seed)
    depth, noise = chance.uniform(0, 1, (number, 1)), chance.normal(0, 0.01, (number, 3))
    blue, orange = np.array([-0.4, -0.2, 0.3]), np.array([0.3, 0.0, -0.3])
    return 0.5 + depth * np.where(chance.uniform(size=(number, 1)) < 0.5, blue, orange) + noise


def test_colours_that_no_image_had_are_far_though_each_channel_had_them():
    learned = learn_colours(coloured(skies_and_flowers(4_000)), "x")
    others = skies_and_flowers(1_000, seed=1)
    quiet, swapped = distances(learned, others), distances(learned, others[:, ::-1])
    assert np.median(swapped) > 5 * np.median(quiet)
    # as scikit-learn has it, by the centres of one half or of the other
    either = [pairwise_distances_argmin_min(others, np.array(each))[1] for each in learned["centres"]]
    assert np.minimum(abs(quiet - either[0]), abs(quiet - either[1])) == pytest.approx(0, abs=1e-4)
    # images that were learned from are no nearer than others
    assert np.mean(distances(learned, skies_and_flowers(4_000))) == pytest.approx(np.mean(quiet), rel=0.1)


def test_colours_that_are_not_known_have_no_distance():
    colours = skies_and_flowers(400)
    learned = learn_colours(coloured(colours), "x")
    colours[0, 1] = np.nan
    assert np.isnan(distances(learned, colours)).tolist() == [True, *[False] * 399]
    assert learn_colours(coloured(colours[:40]), "x") == {}
    assert learn_colours(connect().sql("SELECT 1 AS other"), "x") == {}
