"""What Evidently says of batches with its defaults: drift per column, missing values, quality with labels.

Its own tests are called one by one, as `DataDriftPreset` and `ClassificationPreset` with `include_tests=True`
choose them; a report draws histograms beside them, which takes fifteen times as long.
"""

from __future__ import annotations

import math
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.clock import Clock, run
from bench.detection.kept import Kept, called

if TYPE_CHECKING:
    import pandas as pd

SCORE, DECISION, LABEL = "score", "decision", "label"
_SHARE, _TENTH = 0.2, 0.1
"""Tests of quality ask for the reference's value ± 20 %, those of missing values for ± 10 %."""


def evaluate(folder: str, cases: list[str], numbers: list[str], categories: list[str]) -> None:
    """Judge the batches of cases against their reference; keep how far each signal is towards being on."""
    os.environ["DO_NOT_TRACK"] = "1"
    warnings.simplefilter("ignore")
    clock = Clock()
    with clock.importing():
        import pandas as pd

        drift = Drift([*numbers, SCORE], categories)
    place = Path(folder)
    reference = pd.read_parquet(place / "batches" / "reference.parquet")
    quality = _quality(reference)
    kept = Kept(place, "evidently")
    for case in kept.missing(cases):
        batches = pd.read_parquet(place / "batches" / f"{called(case)}.parquet")
        with clock.phase("batches"):
            found = [
                drift(reference, rows) | _of_quality(quality, _quality(rows))
                for _, rows in batches.groupby("night")
            ]
        kept.write(case, found)
    clock.report()


class Drift:
    """Evidently's default test of each column, and its test of missing values."""

    def __init__(self, numbers: list[str], categories: list[str]) -> None:
        from evidently.legacy.core import ColumnType

        self._kinds = dict.fromkeys(numbers, ColumnType.Numerical) | dict.fromkeys(
            categories, ColumnType.Categorical
        )

    def __call__(self, reference: pd.DataFrame, rows: pd.DataFrame) -> dict[str, float]:
        """How far each column is towards being on: above 1 it is."""
        from evidently.legacy.calculations.stattests import get_stattest

        found = {}
        for name, kind in self._kinds.items():
            before, after = reference[name].dropna(), rows[name].dropna()
            if len(after):
                test = get_stattest(before, after, kind, None)
                result = test(before, after, kind, None)
                found[f"drift|{name}"] = _far(test.name, result.drift_score, result.actual_threshold)
            expected, missing = reference[name].isna().mean(), rows[name].isna().mean()
            found[f"missing|{name}"] = _off(missing, expected, _TENTH)
        return found


def _far(name: str, score: float, threshold: float) -> float:
    """A distance in units of its threshold; a p-value by its logarithm."""
    if name in ("ks", "chisquare", "z"):
        return math.log(max(score, 1e-300)) / math.log(threshold)
    return float(score / threshold)


def _off(value: float, expected: float, share: float) -> float:
    """How far a value is from what is expected, in units of what is allowed."""
    return float(abs(value - expected) / max(share * abs(expected), 1e-9))


def _of_quality(reference: dict[str, float], found: dict[str, float]) -> dict[str, float]:
    return {f"quality|{name}": _off(value, reference[name], _SHARE) for name, value in found.items()}


def _quality(rows: pd.DataFrame) -> dict[str, float]:
    from sklearn.metrics import (
        accuracy_score,
        f1_score,
        log_loss,
        precision_score,
        recall_score,
        roc_auc_score,
    )

    labelled = rows[rows[LABEL].notna()]
    if labelled[LABEL].nunique() < 2:
        return {}
    truth: Any = labelled[LABEL]
    decided, score = labelled[DECISION], labelled[SCORE].clip(0, 1)
    negatives = truth == 0
    return {
        "accuracy": accuracy_score(truth, decided),
        "precision": precision_score(truth, decided, zero_division=0),
        "recall": recall_score(truth, decided),
        "f1": f1_score(truth, decided),
        "roc_auc": roc_auc_score(truth, score),
        "log_loss": log_loss(truth, score),
        "tnr": float((decided[negatives] == 0).mean()),
    }


if __name__ == "__main__":
    run(evaluate)
