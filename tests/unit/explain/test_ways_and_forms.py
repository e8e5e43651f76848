"""Which method explains a model, and which of its scores: what is right takes over, or it is told."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest

from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.explainable import Attribution
from obs_dagster.explain.prediction_trust import of_lime, of_method, of_rows, of_score
from obs_dagster.explain.scoring import served_form
from obs_dagster.explain.sklearn_classifier import SklearnClassifier
from obs_dagster.explain.sklearn_detector import SklearnDetector
from obs_dagster.monitor.explanations import SecondOpinion

FEATURES = ["a", "b", "c"]
WEIGHTS = np.array([2.0, -1.0, 0.5])


@pytest.fixture(scope="module")
def numbers():
    return pd.DataFrame(np.random.default_rng(1).normal(size=(200, 3)), columns=FEATURES)


class Sum:
    """A model whose output is a sum, with methods that are as wrong as a test says."""

    feature_names = tuple(FEATURES)
    unit = "unit of the target"

    def __init__(self, *wrong):
        self._wrong = wrong

    def predict(self, rows):
        return rows.to_numpy() @ WEIGHTS

    def attribution(self, background):
        return self._way(0, background)

    @property
    def other_ways(self):
        return [lambda background, at=at: self._way(at, background) for at in range(1, len(self._wrong))]

    def _way(self, at, background):
        mean, off = background.to_numpy().mean(axis=0), self._wrong[at]

        def attribute(rows):
            if off is None:
                raise ValueError("no such thing")
            return Attribution(
                (rows.to_numpy() - mean) * WEIGHTS * (1 + off),
                float(mean @ WEIGHTS),
                self.predict(rows),
                "unit of the target",
                f"way {at}",
            )

        return attribute


@pytest.mark.parametrize(
    ("wrong", "method"),
    [
        ((0.0,), "way 0"),
        ((0.5, 0.0), "way 1, since the exact method was off by"),
        ((None, 0.5, 0.0), "way 2, since the exact method failed (ValueError: no such thing); was off by"),
        ((0.5, None), "shap.PermutationExplainer (100 background rows), since the exact method was off by"),
    ],
)
def test_the_next_method_that_is_right_takes_over(wrong, method, numbers):
    explainer = Explainer.prepare(Sum(*wrong), numbers, FEATURES, 20)
    found = explainer.explain(numbers.iloc[:20])
    assert found.method.startswith(method)
    assert found.doubt == ""
    expected = (numbers.iloc[:20] - numbers.mean()).to_numpy() * WEIGHTS
    np.testing.assert_allclose(found.shap_values, expected, atol=0.5)
    assert list(of_method(found)) == []


def test_a_method_that_is_wrong_of_the_days_rows_alone_gives_way_too(numbers):
    class Late(Sum):
        def _way(self, at, background):
            exact = super()._way(at, background)

            def attribute(rows):
                found = exact(rows)
                # right of what the baseline has, wrong of what it has not
                far = (np.abs(rows.to_numpy()) > 50).any(axis=1)
                found.contributions[far] += 1_000
                return found

            return attribute

    explainer = Explainer.prepare(Late(0.0), numbers, FEATURES, 20)
    assert explainer.trouble == ""
    strange = numbers.iloc[:20] + 100
    assert explainer.explain(numbers.iloc[:20]).method == "way 0"
    assert "Permutation" in explainer.explain(strange).method


def test_that_no_method_is_right_is_told(numbers, monkeypatch):
    from obs_dagster.explain import explain as explain_module

    def wrong(predict, background, _largest, unit):
        return Sum(0.5).attribution(background)

    monkeypatch.setattr(explain_module, "permutation_attribution", wrong)
    found = Explainer.prepare(Sum(None), numbers, FEATURES, 20).explain(numbers.iloc[:20])
    assert found.doubt.startswith("was off by")
    [told] = of_method(found)
    assert told.startswith("No method explains the model rightly here: these are of one that was off by")


@pytest.mark.parametrize("form", ["anomaly score", "score_samples", "decision_function"])
def test_a_detector_is_explained_by_the_score_that_the_log_has(form, numbers):
    forest = IsolationForest(n_estimators=25, max_samples=64, random_state=0).fit(numbers)
    logged = {
        "anomaly score": -forest.score_samples(numbers),
        "score_samples": forest.score_samples(numbers),
        "decision_function": forest.decision_function(numbers),
    }[form]
    model = served_form(SklearnDetector(forest), numbers, np.where(np.arange(200) < 9, np.nan, logged))
    assert model.form == form
    explainer = Explainer.prepare(model, numbers, FEATURES, 60)
    found = explainer.explain(numbers.iloc[:60], 0.0, logged[:60])
    assert (explainer.trouble, found.doubt) == ("", "")
    assert found.unit == ("shorter path" if form == "anomaly score" else "longer path")
    # the values rank rows as the score does
    total = found.base_value + found.shap_values.sum(axis=1)
    assert np.corrcoef(np.argsort(np.argsort(total)), np.argsort(np.argsort(logged[:60])))[0, 1] > 0.999


def test_a_model_with_one_score_is_what_it_is(logistic, training):
    model = SklearnClassifier(logistic)
    assert served_form(model, training, np.zeros(len(training))) is model


def test_what_is_told_of_one_prediction(booster, training, rows):
    from obs_dagster.explain.lightgbm_booster import adapt_booster

    assert list(of_score(0.3, 0.3)) == []
    assert "The log has 0.3, the registered model says 0.4" in next(of_score(0.3, 0.4))
    assert list(of_rows(unlike=0.5, has_baseline=True)) == []
    assert len(list(of_rows(unlike=0.99, has_baseline=False))) == 2
    model = adapt_booster(booster, place="it")
    explainer = Explainer.prepare(model, training.iloc[:200], list(rows.columns), 60)
    found = explainer.explain(rows.iloc[:1])
    shap, features, asked = found.shap_values[0], found.features, SecondOpinion(scored_rows=4_000)
    assert list(of_lime(explainer, found, shap, features, asked)) == []
    assert list(of_lime(explainer, found, -shap, features, None)) == []
    # had SHAP said the opposite, LIME would have told
    against = type(found)(
        **{name: getattr(found, name) for name in found.__slots__} | {"shap_values": -found.shap_values}
    )
    [told] = of_lime(explainer, against, -shap, features, asked)
    top = features[int(np.abs(shap).argmax())]
    assert top in told
    assert "the other way" in told
