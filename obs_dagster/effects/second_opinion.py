"""A second opinion on an effect: meta-learners and the doubly robust learner of EconML.

They know nothing of days but as one more covariate, so their intervals are those of rows, and narrower than
days allow. Chances of a version are kept from the ends as ours are, by leaving out rows beyond the common
support. It is for who asks: the library takes seconds to import.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from obs_dagster.effects.by_day import Mean
from obs_dagster.effects.learners import LEAST_IN_LEAF, LEAVES, RATE, TREES
from obs_dagster.effects.overlap import overlap
from obs_dagster.effects.rows import ServedRows
from obs_dagster.errors import ObsError
from obs_dagster.profile.distribution import FloatArray


class SecondOpinionError(ObsError):
    """The library of second opinions is not installed."""


def second_opinions(rows: ServedRows, seed: int) -> dict[str, Mean | float]:
    """What other learners say of the mean effect, by what they are called; without an interval: a number.

    Args:
        rows: of days on which both served.
        seed: a non-negative integer.

    Raises:
        SecondOpinionError: EconML is not installed.
    """
    try:
        from econml.dr import LinearDRLearner
        from econml.metalearners import SLearner, TLearner, XLearner
    except ImportError as error:
        raise SecondOpinionError(
            "A second opinion needs EconML, which is not installed.",
            remedy="Install the extra: pip install 'obs-dagster[causal]'.",
        ) from error
    inside = rows.of(overlap(rows, rows.folds(seed), seed).inside)
    known, served = _with_day(inside), inside.treated.astype(np.int64)
    means, chance = _regressor(seed), _classifier(seed)
    meta: dict[str, Callable[[], Any]] = {
        "S-learner": lambda: SLearner(overall_model=means()),
        "T-learner": lambda: TLearner(models=means()),
        "X-learner": lambda: XLearner(models=means(), propensity_model=chance()),
    }
    found: dict[str, Mean | float] = {}
    for name, made in meta.items():
        learner = made()
        learner.fit(inside.outcome, served, X=known)
        effects = np.asarray(learner.effect(known), dtype=np.float64).ravel()
        found[name] = float(np.average(effects, weights=inside.weight))
    robust = LinearDRLearner(
        model_propensity=chance(),
        model_regression=means(),
        min_propensity=0.01,
        cv=5,
        random_state=seed % 2**31,
    )
    robust.fit(inside.outcome, served, X=None, W=known)
    found["doubly robust learner"] = _inferred(robust, inside.days)
    return found


def _with_day(rows: ServedRows) -> FloatArray:
    """Covariates, with the mean of the day's outcomes and the share of the second version for the day."""
    _, place = np.unique(rows.day, return_inverse=True)
    sums = rows.day_sums([np.ones(rows.n), rows.outcome, rows.treated.astype(np.float64)])
    return np.column_stack([rows.covariates, (sums[:, 1:] / sums[:, :1])[place]])


def _inferred(learner: Any, days: int) -> Mean:
    inference = learner.effect_inference()
    value = float(np.ravel(inference.point_estimate)[0])
    error = float(np.ravel(inference.stderr)[0])
    low, high = (float(np.ravel(end)[0]) for end in inference.conf_int(alpha=0.05))
    return Mean(value, error, low, high, float(np.ravel(inference.pvalue())[0]), days)


def _parameters(seed: int) -> dict[str, Any]:
    return {
        "n_estimators": TREES,
        "num_leaves": LEAVES,
        "min_child_samples": LEAST_IN_LEAF,
        "learning_rate": RATE,
        "random_state": seed % 2**31,
        "n_jobs": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


def _regressor(seed: int) -> Callable[[], Any]:
    from lightgbm import LGBMRegressor

    return lambda: LGBMRegressor(**_parameters(seed))


def _classifier(seed: int) -> Callable[[], Any]:
    from lightgbm import LGBMClassifier

    return lambda: LGBMClassifier(**_parameters(seed))
