"""Rows that a model refuses, and scores that are not its own."""

import numpy as np
import pandas as pd
import pytest

from obs_dagster.explain import scoring
from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.explainable import Attribution
from obs_dagster.explain.scoring import compare, score


class Picky:
    """Refuses negative rows, as one batch; the logistic of the sum of the others."""

    feature_names = ("a", "b")
    unit = "log-odds"

    def __init__(self, *, wrong_by=0.0, fails=False):
        self.wrong_by, self.fails = wrong_by, fails

    def predict(self, rows):
        if (rows["a"] < 0).any():
            raise ValueError("Found unknown categories\n  somewhere")
        return 1 / (1 + np.exp(-rows["a"] - rows["b"])).to_numpy()

    def attribution(self, _background):
        def attribute(rows):
            if self.fails:
                raise NotImplementedError("not this kind of tree")
            values = rows.to_numpy(dtype=float)
            return Attribution(values + self.wrong_by, 0.0, values.sum(axis=1), "log-odds", "exact")

        return attribute


def rows_of(n, bad=()):
    rows = pd.DataFrame(np.random.default_rng(3).random((n, 2)), columns=["a", "b"])
    rows.loc[list(bad), "a"] = -1.0
    return rows


@pytest.mark.parametrize("bad", [(), (0,), (99,), (3, 4, 50), tuple(range(0, 100, 3)), tuple(range(100))])
def test_exactly_the_refused_rows_are_left_out(bad):
    found = score(Picky(), rows_of(100, bad))
    np.testing.assert_array_equal(np.flatnonzero(~found.accepted), bad)
    assert found.refused == len(bad)
    assert found.why == ("ValueError: Found unknown categories" if bad else "")


def test_very_many_refused_rows_do_not_take_for_ever(monkeypatch):
    monkeypatch.setattr(scoring, "_CALLS", 50)
    found = score(Picky(), rows_of(1_000, range(0, 1_000, 2)))
    assert 500 <= found.refused <= 1_000
    assert found.why


def test_a_score_that_is_no_number_is_a_refusal():
    class Silent(Picky):
        def predict(self, rows):
            return np.where(rows["b"] > 0.5, np.nan, 0.5)

    rows = rows_of(50)
    assert score(Silent(), rows).refused == (rows["b"] > 0.5).sum()


@pytest.mark.parametrize("decimals", [2, 3, 4, 5])
def test_rounding_in_the_log_is_no_difference(decimals):
    again = np.random.default_rng(1).random(300)
    found = compare(again, np.round(again, decimals))
    assert (found.rows, found.differing, found.sentence) == (300, 0, "")


def test_a_difference_is_told_with_its_size_and_share():
    again = np.random.default_rng(1).random(200)
    logged = again.copy()
    logged[:50] += 0.25
    logged[199] = np.nan
    found = compare(again, logged)
    assert (found.rows, found.differing) == (199, 50)
    assert found.largest == pytest.approx(0.25)
    assert "0.25" in found.sentence
    assert "25% of 199 rows" in found.sentence


def test_without_scores_nothing_is_claimed():
    assert compare(np.array([0.5]), [np.nan]).largest is None


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (Picky(wrong_by=0.5), "was off by 1 log-odds"),
        (Picky(fails=True), "failed (NotImplementedError: not this"),
    ],
)
def test_a_method_that_is_wrong_or_fails_gives_way_to_permutations(model, why):
    rows = rows_of(40)
    found = Explainer.prepare(model, rows, ["a", "b"], 40).explain(rows)
    assert found.method.startswith("shap.PermutationExplainer")
    assert why in found.method
    assert found.residual < 1e-6
    np.testing.assert_allclose(found.shap_values, rows - rows.mean(), atol=1e-6)


def test_a_right_method_is_kept():
    rows = rows_of(40)
    assert Explainer.prepare(Picky(), rows, ["a", "b"], 40).explain(rows).method == "exact"


def test_background_rows_that_the_model_refuses_are_left_out():
    rows = rows_of(40, bad=(1, 2))
    explainer = Explainer.prepare(Picky(wrong_by=0.5), rows, ["a", "b"], 10)
    assert len(explainer.background) == 38
