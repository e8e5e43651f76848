"""DataDriftPreset and ClassificationPreset, by Evidently; it keeps nothing of the reference."""

from __future__ import annotations

import os
import warnings

from bench.clock import Clock, run
from bench.prepare.columns import CATEGORIES, DECISION, LABEL, NUMBERS, SCORE


def evaluate(reference: str, current: str) -> None:
    """One report of both presets, without its HTML."""
    os.environ["DO_NOT_TRACK"] = "1"
    warnings.simplefilter("ignore")
    clock = Clock()
    with clock.importing():
        import pandas as pd
        from evidently import BinaryClassification, DataDefinition, Dataset, Report
        from evidently.presets import ClassificationPreset, DataDriftPreset
    features = [*NUMBERS, *CATEGORIES]
    definition = DataDefinition(
        numerical_columns=[*NUMBERS, SCORE],
        categorical_columns=list(CATEGORIES),
        classification=[
            BinaryClassification(
                target=LABEL, prediction_labels=DECISION, prediction_probas=SCORE, pos_label=1
            )
        ],
    )

    def loaded(path: str) -> Dataset:
        rows = pd.read_parquet(path, columns=[*features, SCORE, DECISION, LABEL])
        return Dataset.from_pandas(rows.astype({DECISION: "int64", LABEL: "int64"}), definition)

    with clock.phase("load"):
        before, after = loaded(reference), loaded(current)
    with clock.phase("evaluate"):
        presets = [DataDriftPreset(columns=[*features, SCORE]), ClassificationPreset()]
        found = Report(presets).run(after, before).dict()
    clock.report(metrics=len(found["metrics"]))


if __name__ == "__main__":
    run(evaluate)
