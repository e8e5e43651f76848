"""Routing by one of very many values: found, named, and evened out where either version could serve."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit

from obs_dagster.effects.covariates import VALUES, covariates
from obs_dagster.effects.estimate import estimated
from obs_dagster.effects.overlap import overlap
from obs_dagster.effects.rows import ServedRows
from obs_dagster.effects.values import many, told_by_others, values_of
from obs_dagster.evaluation.effect import VersionEffect
from obs_dagster.reports.effect import told

SHOPS, DAYS, ROWS = 60, 14, 400


def served(number, chance, *, effect=0.0, numbered=False):
    """Rows of shops whose outcomes differ; `chance` says by shop how likely the second version serves."""
    rng = np.random.default_rng(number)
    better = rng.normal(0, 0.7, SHOPS)
    shop = rng.integers(0, SHOPS, DAYS * ROWS)
    second = rng.random(len(shop)) < chance(rng, better)[shop]
    mean = np.clip(expit(-0.8 + better[shop]) + effect * second, 0, 1)
    names = rng.permutation(SHOPS)[shop] + 1000
    rows = pa.table(
        {
            "shop": names.astype(np.int64) if numbered else [f"shop {each}" for each in names],
            "amount": rng.gamma(2, 10, len(shop)),
        }
    )
    numbers, categories = (["amount", "shop"], []) if numbered else (["amount"], ["shop"])
    return ServedRows(
        covariates=covariates(rows, numbers, categories),
        treated=second,
        outcome=(rng.random(len(shop)) < mean).astype(np.float64),
        day=np.repeat(np.arange(DAYS), ROWS),
        weight=np.ones(len(shop)),
        binary=True,
        segments={},
        values=values_of(rows, numbers, categories),
    )


def half_of_the_shops(rng, better):
    return rng.permutation(np.arange(len(better)) % 2).astype(np.float64)


def the_better_ones_more_often(_, better):
    return expit(1.2 * better)


@pytest.mark.parametrize("numbered", [False, True])
def test_a_version_by_shop_leaves_nothing_to_compare_and_the_shop_is_named(numbered):
    found = estimated(served(0, half_of_the_shops, numbered=numbered), 0)
    assert found.effect is None
    assert "by shop alone" in found.refused
    assert list(found.overlap.alone) == ["shop"]
    said = dict(told(VersionEffect("1", "2", "label", estimated=found, reason=found.refused)))
    assert "tell who served" in said["Routing"]
    assert "Most of all shop (" in said["Routing"]
    assert "Have chance decide" in said["What to do"]


def test_what_shops_differ_in_is_evened_out():
    found = [
        estimated(served(number, the_better_ones_more_often, effect=0.05), number) for number in range(8)
    ]
    assert all(each.raw.low > 0.05 for each in found)
    assert abs(np.mean([each.effect.value for each in found]) - 0.05) < 0.02
    assert sum(each.effect.low <= 0.05 <= each.effect.high for each in found) >= 6


def test_values_that_say_nothing_are_taken_for_nothing():
    rows = served(0, lambda _, better: np.full(len(better), 0.5))
    seen = overlap(rows, rows.folds(0), 0)
    assert seen.at_random
    assert not seen.alone


def test_a_row_is_told_by_rows_of_other_folds():
    values = np.array([0, 0, 0, 1, 1, 1])
    fold = np.array([0, 1, 2, 0, 0, 0])
    beyond = np.array([1.0, 2.0, 4.0, 5.0, 5.0, 5.0])
    taught = fold != 2
    # rows of the other folds over these and three more; of the second value there are none
    assert told_by_others(values, beyond, taught, fold) == pytest.approx([2 / 4, 1 / 4, 3 / 5, 0, 0, 0])


def test_values_do_not_hang_on_the_order_of_rows():
    rng = np.random.default_rng(0)
    rows = pa.table(
        {
            "c": pa.array(rng.choice(["b", "a", None], 50)),
            "x": pa.array(rng.choice([0.5, 1.5, None, np.inf], 50)),
            "shop": pa.array(rng.integers(0, 8, 50)),
        }
    )
    order = rng.permutation(50)
    found, turned = (values_of(each, ["x", "shop"], ["c"]) for each in (rows, rows.take(order)))
    assert all((found[name][order] == turned[name]).all() for name in found)
    assert found["shop"].max() == 8
    assert not many(found, VALUES)
    assert not many(values_of(rows.slice(0, 0), ["x"], ["c"]), VALUES)
