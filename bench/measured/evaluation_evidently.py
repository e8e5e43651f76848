"""DataDriftPreset and ClassificationPreset, by Evidently; it keeps nothing of the reference."""

from __future__ import annotations

import os
import warnings

from bench.clock import Clock, run
from bench.prepare.columns import CATEGORIES, DECISION, LABEL, NUMBERS, SCORE


def evaluate(few: list[str], many: list[str]) -> None:
    """One report of both presets, without its HTML, of the reference and the current log."""
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

    def work(files: list[str], clock: Clock) -> int:
        with clock.phase("load"):
            before, after = map(loaded, files)
        with clock.phase("evaluate"):
            presets = [DataDriftPreset(columns=[*features, SCORE]), ClassificationPreset()]
            return len(Report(presets).run(after, before).dict()["metrics"])

    with clock.importing():
        work(few, Clock())
    clock.report(metrics=work(many, clock))


if __name__ == "__main__":
    run(evaluate)
