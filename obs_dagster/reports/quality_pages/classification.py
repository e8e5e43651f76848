"""Evidently's page of a binary classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.task import leading_output
from obs_dagster.profile.columns import prediction_column
from obs_dagster.reports.evidently import EvidentlyReport, NoReport, library, run, values_of, widgets_of
from obs_dagster.reports.evidently_html import html_page
from obs_dagster.reports.quality_pages.sampled import Sampled, chosen
from obs_dagster.reports.training_labels import classes_of

if TYPE_CHECKING:
    import pandas as pd


def page(rows: Sampled) -> EvidentlyReport | NoReport:
    """The page, with the training rows beside the day's where they have labels."""
    monitor = rows.monitor
    score = leading_output(monitor).column
    renamed = {score: "score", prediction_column(monitor): "prediction", LABEL: "label"}
    return classification_report(
        chosen(rows.current, renamed),
        _reference(rows, renamed),
        threshold=monitor.logs.threshold,
        title=f"Classification quality: {rows.about}",
    )


def _reference(rows: Sampled, renamed: dict[str, str]) -> Any:
    """The baseline with its labels as classes; None if it has none."""
    if rows.baseline is None:
        return None
    label = rows.labels.columns.label
    beside = chosen(rows.baseline, renamed | {label: "label"})
    return beside.assign(label=classes_of(rows.baseline[label], rows.labels))


def classification_report(
    current: pd.DataFrame,
    reference: pd.DataFrame | None = None,
    *,
    threshold: float,
    title: str = "Classification quality",
) -> EvidentlyReport | NoReport:
    """Describes the quality of a binary classifier on a sample.

    Args:
        current: sample with the columns `score` (probability of the positive class), `prediction` and
            `label` (0 or 1); rows without a label or a score are left out.
        reference: the same of the baseline, if it has labels; shown beside it.
        threshold: score from which a decision is positive. Where there are scores, Evidently decides by
            them alone; the heading says in how many rows another decision was served.
        title: stands above the report, with the sizes of the samples.

    Returns:
        The report with Evidently's Accuracy, Precision, Recall, F1Score, RocAuc, LogLoss, TPR, TNR, FPR
        and FNR of the positive class; or no report if the labels in `current` are not of both classes.
    """
    labelled = _labelled(current, threshold)
    if len(labelled) == 0:
        return NoReport("no row of the sample has a label")
    if labelled["label"].nunique() < 2:  # noqa: PLR2004 - binary
        return NoReport("the labels of the sample are of one class only")
    beside = None if reference is None else _labelled(reference, threshold)
    if beside is not None and beside["label"].nunique() < 2:  # noqa: PLR2004 - binary
        beside = None
    evidently = library()
    definition = evidently.DataDefinition(
        classification=[
            evidently.BinaryClassification(
                target="label", prediction_labels="prediction", prediction_probas="score", pos_label=1
            )
        ]
    )
    snapshot = run(
        evidently,
        evidently.ClassificationPreset(probas_threshold=threshold),
        evidently.Dataset.from_pandas(labelled, definition),
        None if beside is None else evidently.Dataset.from_pandas(beside, definition),
    )
    values = {
        config["type"].rsplit(":", 1)[-1]: value
        for config, value in values_of(snapshot)
        if not config["type"].endswith("ByLabel")
    }
    sizes = f"{len(labelled):,} sampled rows with a label"
    if beside is not None:
        sizes += f", beside {len(beside):,} of the baseline"
    differing = int((labelled["prediction"] != (labelled["score"] >= threshold)).sum())
    if differing:
        sizes += f"; {differing:,} were served another decision than score ≥ {threshold:g}, which is shown"
    return EvidentlyReport(html_page(widgets_of(snapshot), title, sizes), values)


def _labelled(frame: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """The rows that have a finite score and a label; a decision that is not known is that of the score."""
    import numpy as np
    import pandas as pd

    numbers = pd.DataFrame(
        {
            name: pd.to_numeric(frame[name], errors="coerce").astype("float64") if name in frame else np.nan
            for name in ("score", "prediction", "label")
        },
        index=frame.index,
    )
    whole = numbers[np.isfinite(numbers["score"]) & numbers["label"].notna()].reset_index(drop=True)
    decided = whole["prediction"].fillna((whole["score"] >= threshold).astype("float64"))
    found: pd.DataFrame = whole.assign(prediction=decided).astype({"prediction": "int64", "label": "int64"})
    return found
