import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from obs_dagster.demo.models import RECIPES, fit, out_of_fold_scores, score

BOTH = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.algorithm)


@BOTH
def test_a_version_learns_from_its_months_and_from_labels_only(recipe, tenth):
    training = recipe.training_rows(tenth)
    assert training["date"].dt.month.max() == recipe.last_month
    assert training["date"].dt.month.min() == 1
    assert training["late"].notna().all()


@BOTH
def test_training_twice_gives_the_same_scores(recipe, tenth):
    training = recipe.training_rows(tenth)
    first, second = (score(recipe, fit(recipe, training), training) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@BOTH
def test_out_of_fold_scores_know_nothing_of_their_week(recipe, tenth):
    # Labels that depend on the week alone are learnt from its weather, and tell nothing of another week.
    training = recipe.training_rows(tenth)
    week = training["date"].dt.isocalendar().week.to_numpy(dtype=int)
    training["late"] = np.random.default_rng(0).random(54)[week] < 0.5
    honest = roc_auc_score(training["late"].astype(bool), out_of_fold_scores(recipe, training))
    fooled = roc_auc_score(training["late"].astype(bool), score(recipe, fit(recipe, training), training))
    assert fooled > honest + 0.08


@BOTH
def test_out_of_fold_scores_still_rank_flights(recipe, tenth):
    training = recipe.training_rows(tenth)
    scores = out_of_fold_scores(recipe, training)
    assert np.isfinite(scores).all()
    assert 0.6 < roc_auc_score(training["late"].astype(bool), scores) < 0.8


def test_fingerprints_tell_recipes_and_data_apart(tenth):
    recipe = RECIPES[0]
    training = recipe.training_rows(tenth)
    assert recipe.fingerprint(training) == recipe.fingerprint(training.copy())
    assert recipe.fingerprint(training) != recipe.fingerprint(training.iloc[1:])
    assert recipe.fingerprint(training) != RECIPES[1].fingerprint(training)
