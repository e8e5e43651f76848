"""What NannyML says of batches with its defaults: drift of each column and of all, missing and unseen values,
row counts, and realised and estimated performance."""

from __future__ import annotations

import copy
import datetime as dt
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.clock import Clock, run
from bench.detection.kept import Kept, called

if TYPE_CHECKING:
    import pandas as pd

SCORE, DECISION, LABEL, WHEN = "score", "decision", "label", "when"
_FIRST = dt.datetime(2001, 1, 1)  # noqa: DTZ001 - NannyML has no time zones
_METRICS = ["roc_auc", "f1", "precision", "recall", "accuracy"]


def evaluate(folder: str, cases: list[str], numbers: list[str], categories: list[str]) -> None:
    """Judge the batches of cases, as chunks, by what the days of their reference teach."""
    os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
    warnings.simplefilter("ignore")
    clock = Clock()
    with clock.importing():
        import nannyml  # type: ignore[import-not-found]  # in an environment of its own
        import pandas as pd
    place = Path(folder)
    kept = Kept(place, "nannyml")
    reference = pd.read_parquet(place / "batches" / "reference.parquet")
    reference[WHEN] = _FIRST - pd.to_timedelta(1 + reference["night"].max() - reference["night"], unit="D")
    features = [*numbers, *categories]
    chunks: dict[str, Any] = {"timestamp_column_name": WHEN, "chunk_period": "D"}
    roles = {
        "y_true": LABEL,
        "y_pred": DECISION,
        "y_pred_proba": SCORE,
        "problem_type": "classification_binary",
    }
    calculators = {
        "drift": nannyml.UnivariateDriftCalculator(column_names=[*features, SCORE], **chunks),
        "reconstruction": nannyml.DataReconstructionDriftCalculator(column_names=features, **chunks),
        "missing": nannyml.MissingValuesCalculator(column_names=features, **chunks),
        "rows": nannyml.SummaryStatsRowCountCalculator(**chunks),
        "realised": nannyml.PerformanceCalculator(metrics=_METRICS, **roles, **chunks),
        "estimated": nannyml.CBPE(metrics=_METRICS, **roles, **chunks),
    }
    if categories:
        calculators["unseen"] = nannyml.UnseenValuesCalculator(column_names=categories, **chunks)
    with clock.phase("reference"):
        for calculator in calculators.values():
            calculator.fit(reference)
    for case in kept.missing(cases):
        batches = pd.read_parquet(place / "batches" / f"{called(case)}.parquet")
        # each batch is the chunk of a day of its own, after those of the reference
        batches[WHEN] = _FIRST + pd.to_timedelta(batches["night"] - 1, unit="D")
        signals: list[dict[str, float]] = [{} for _ in range(int(batches["night"].max()))]
        with clock.phase("batches"):
            for name, calculator in calculators.items():
                # rows without a label have no realised performance
                used = batches[batches[LABEL].notna()] if name == "realised" else batches
                # one that has judged does not judge again
                fresh = copy.deepcopy(calculator)
                judge = fresh.estimate if name == "estimated" else fresh.calculate
                _keep(name, judge(used).to_df(), signals)
        kept.write(case, signals)
    clock.report()


def _keep(name: str, table: pd.DataFrame, signals: list[dict[str, float]]) -> None:
    """How far each value is from the middle of what the reference's chunks had, by what is allowed."""
    import pandas as pd

    table.columns = ["|".join(str(part) for part in each if part) for each in table.columns]
    starts = next(each for each in table.columns if each.endswith("start_date"))
    period = next(each for each in table.columns if each.endswith("period"))
    taught, judged = (table[table[period] == which] for which in ("reference", "analysis"))
    places = (pd.to_datetime(judged[starts]) - _FIRST).dt.days.to_numpy()
    for column in table.columns:
        if not column.endswith("|value") and column != "value":
            continue
        of = column.removesuffix("value")
        middle = taught[column].astype(float).mean()
        for place, (_, row) in zip(places, judged.iterrows(), strict=True):
            far = _far(row[column], middle, row.get(f"{of}lower_threshold"), row.get(f"{of}upper_threshold"))
            if far is not None:
                signals[place][f"{name}|{of.strip('|')}"] = far


def _far(value: Any, middle: float, low: Any, high: Any) -> float | None:
    """1 at a threshold; None where there is no value."""
    value, low, high = (float("nan") if each is None else float(each) for each in (value, low, high))
    if value != value:  # noqa: PLR0124 - NaN
        return None
    edge = high if value >= middle else low
    if edge != edge:  # noqa: PLR0124 - NaN: no such threshold
        return 0.0
    return abs(value - middle) / max(abs(edge - middle), 1e-9)


if __name__ == "__main__":
    run(evaluate)
