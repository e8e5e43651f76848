"""Univariate drift, realised and estimated performance, by NannyML with its defaults."""

from __future__ import annotations

import os
import warnings

from bench.clock import Clock, run
from bench.prepare.columns import CATEGORIES, DECISION, LABEL, NUMBERS, SCORE

_METRICS = ["roc_auc", "f1", "precision", "recall", "accuracy"]


def evaluate(few: list[str], many: list[str], chunks: int = 10) -> None:
    """Three calculators, each fitted to the reference and applied to the current rows.

    Args:
        few: a small reference and log, for what is loaded or compiled at first use.
        many: those that are measured.
        chunks: parts of the log that each number is of; its own default is ten.
    """
    os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
    warnings.simplefilter("ignore")
    clock = Clock()
    with clock.importing():
        import nannyml  # type: ignore[import-not-found]  # in an environment of its own
        import pandas as pd
    features = [*NUMBERS, *CATEGORIES]
    roles = {
        "y_true": LABEL,
        "y_pred": DECISION,
        "y_pred_proba": SCORE,
        "problem_type": "classification_binary",
        "chunk_number": chunks,
    }

    def work(files: list[str], clock: Clock) -> int:
        with clock.phase("load"):
            before, after = (
                pd.read_parquet(path, columns=[*features, SCORE, DECISION, LABEL]).astype(
                    {DECISION: "int64", LABEL: "int64"}
                )
                for path in files
            )
        found = 0
        for name, calculator in (
            ("drift", nannyml.UnivariateDriftCalculator([*features, SCORE], chunk_number=chunks)),
            ("realised", nannyml.PerformanceCalculator(metrics=_METRICS, **roles)),
            ("estimated", nannyml.CBPE(metrics=_METRICS, **roles)),
        ):
            with clock.phase(f"reference of {name}"):
                calculator.fit(before)
            with clock.phase(name):
                result = calculator.estimate(after) if name == "estimated" else calculator.calculate(after)
                found += result.to_df().shape[1]
        return found

    with clock.importing():
        work(few, Clock())
    clock.report(columns=work(many, clock))


if __name__ == "__main__":
    run(evaluate)
