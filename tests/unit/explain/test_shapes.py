"""Partial dependence held against scikit-learn's, accumulated local effects against what they are by hand."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.inspection import partial_dependence as sklearn_partial_dependence

from obs_dagster.explain.shape_plots import shapes_png
from obs_dagster.explain.shapes import accumulated_effects, partial_dependence, shapes, shapes_json, shapes_of


@pytest.fixture(scope="module")
def rows():
    draw = np.random.default_rng(1)
    x = draw.normal(size=400)
    # the second goes with the first
    return pd.DataFrame({"x": x, "y": x + draw.normal(scale=0.3, size=400), "z": draw.normal(size=400)})


@pytest.mark.parametrize("feature", ["x", "z"])
def test_partial_dependence_is_scikit_learns(rows, feature):
    model = GradientBoostingRegressor(n_estimators=20, random_state=0)
    model.fit(rows, rows["x"] ** 2 + rows["z"] * rows["y"])
    peer = sklearn_partial_dependence(
        model, rows, [feature], kind="average", method="brute", grid_resolution=12
    )
    found = partial_dependence(model.predict, rows, feature, peer["grid_values"][0].tolist())
    np.testing.assert_allclose(found, peer["average"][0], rtol=1e-12)


def test_partial_dependence_of_names(rows):
    named = rows.assign(name=np.where(rows["x"] > 0, "a", "b"))
    found = partial_dependence(lambda r: (r["name"] == "a") * 2.0 + r["z"], named, "name", ["a", "b"])
    np.testing.assert_allclose(found, [2 + rows["z"].mean(), rows["z"].mean()])


def test_accumulated_effects_of_a_sum_are_its_terms_though_features_go_together(rows):
    edges = np.unique(np.quantile(rows["x"], np.linspace(0, 1, 15)))
    found = accumulated_effects(lambda r: 3 * r["x"] + 5 * r["y"], rows, "x", edges)
    np.testing.assert_allclose(np.diff(found), 3 * np.diff(edges), rtol=1e-9)
    # 0 on average over the rows
    place = np.clip(np.searchsorted(edges, rows["x"], side="left") - 1, 0, len(edges) - 2)
    assert float(((found[:-1] + found[1:]) / 2)[place].mean()) == pytest.approx(0, abs=1e-9)


def test_accumulated_effects_do_not_leave_the_data_where_partial_dependence_does(rows):
    def output(given):
        # what no row is like: x far from y
        return np.where(np.abs(given["x"] - given["y"]) > 3.5, 100.0, given["x"])

    edges = np.unique(np.quantile(rows["x"], np.linspace(0, 1, 15), method="inverted_cdf"))
    assert np.ptp(accumulated_effects(output, rows, "x", edges)) == pytest.approx(np.ptp(edges))
    assert partial_dependence(output, rows, "x", edges.tolist()).max() > 3 * edges.max()


def test_missing_values_and_values_beyond_the_edges(rows):
    given = rows.assign(x=np.where(np.arange(400) < 50, np.nan, rows["x"]))
    edges = np.array([-0.5, 0.0, 0.5])
    found = accumulated_effects(lambda r: 2 * r["x"], given, "x", edges)
    np.testing.assert_allclose(np.diff(found), [1.0, 1.0])
    nothing = accumulated_effects(lambda r: r["x"], rows.assign(x=np.nan), "x", edges)
    assert nothing.tolist() == [0, 0, 0]


def test_the_shapes_of_features_of_every_kind_and_back_from_json(rows):
    def output(given):
        return given["x"] + (given["name"] == "a")

    given = rows.assign(name=["a", "b"] * 200, constant=1.0)
    found = shapes(lambda _: output, ["x", "name", "constant"], given.iloc[:100], given, 8, compared=True)
    assert [(each.feature, each.kind) for each in found] == [
        ("x", "partial dependence"),
        ("x", "accumulated local effect"),
        ("name", "partial dependence"),
    ]
    assert all(len(each.today) == len(each.baseline) == len(each.values) for each in found)
    assert set(json.loads(shapes_json(found, ""))["shapes"][2]["values"]) == {"a", "b"}
    assert shapes_of(json.loads(shapes_json(found, "Score"))) == found
    assert shapes_png(found, "Score").startswith(b"\x89PNG")
    alone = shapes(lambda _: output, ["x"], given.iloc[:100], given, 8, compared=False)
    assert alone[0].baseline == ()
    assert shapes_png(alone, "Score").startswith(b"\x89PNG")
