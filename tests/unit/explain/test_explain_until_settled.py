import numpy as np
import pandas as pd
import pytest

from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.explainable import Attribution


class Counted:
    """A model whose SHAP values are the features themselves; remembers which blocks it was asked for."""

    feature_names = None
    unit = "log-odds"

    def __init__(self):
        self.blocks = []

    def predict(self, rows):
        return 1 / (1 + np.exp(-0.25 - rows.to_numpy(dtype=float).sum(axis=1)))

    def attribution(self, background):
        self.background = background
        return self._attribute

    def _attribute(self, rows):
        self.blocks.append(len(rows))
        values = rows.to_numpy(dtype=float)
        return Attribution(values, 0.25, 0.25 + values.sum(axis=1), "log-odds", "features")


def make(n, scale=(8.0, 4.0, 1.0)):
    values = np.random.default_rng(5).normal(size=(n, len(scale))) * scale
    return pd.DataFrame(
        values, columns=["a", "b", "c"][: len(scale)], index=[f"id-{row}" for row in range(n)]
    )


def explained(rows, *, largest, tolerance):
    model = Counted()
    explainer = Explainer.prepare(model, rows, list(rows.columns), largest)
    model.blocks.clear()
    return model, explainer.explain(rows, tolerance)


def test_sampling_ends_when_the_ranking_is_settled():
    rows = make(5000)
    model, found = explained(rows, largest=5000, tolerance=0.1)
    assert found.settled
    assert sum(model.blocks) == len(found.data) < 1000
    assert list(found.data.index) == list(rows.index[: len(found.data)])


@pytest.mark.parametrize(("largest", "blocks"), [(60, [60]), (100, [100]), (250, [100, 100, 50])])
def test_the_largest_sample_bounds_the_cost(largest, blocks):
    model, found = explained(make(5000, scale=(1.0, 1.0, 1.0)), largest=largest, tolerance=0.001)
    assert model.blocks == blocks
    assert len(found.data) == largest
    assert not found.settled


def test_without_a_tolerance_everything_is_explained_at_once():
    model, found = explained(make(700), largest=1000, tolerance=0.0)
    assert model.blocks == [700]
    assert len(found.data) == 700


def test_blocks_do_not_change_what_is_explained():
    rows = make(400)
    _, blocks = explained(rows, largest=400, tolerance=0.001)
    _, whole = explained(rows, largest=400, tolerance=0.0)
    np.testing.assert_array_equal(blocks.shap_values, whole.shap_values)
    assert blocks.residual == whole.residual < 1e-12
