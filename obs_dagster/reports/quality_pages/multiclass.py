"""Evidently's page of a model that chooses one of several classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.multiclass import OTHER_CLASS, class_name
from obs_dagster.profile.columns import prediction_column
from obs_dagster.reports.evidently import (
    EvidentlyReport,
    NoReport,
    harmless,
    library,
    run,
    values_of,
    widgets_of,
)
from obs_dagster.reports.evidently_html import html_page
from obs_dagster.reports.quality_pages.sampled import Sampled
from obs_dagster.tasks.multiclass.scores import classes_of, score_columns

if TYPE_CHECKING:
    import pandas as pd

#: No class has these names, which Evidently's columns of scores have.
_TRUTH, _CHOSEN = "(label)", "(prediction)"
#: Classes that the page can show: plots of more take minutes, and no reader.
_MOST = 20
_FEWEST = 2
#: Of more classes the page has no curves: one plot and one table for each, twice.
_MOST_CURVES = 5


def page(rows: Sampled) -> EvidentlyReport | NoReport:
    """The page, with the training rows beside the day's where they have labels."""
    beside = rows.baseline
    if beside is not None:
        label = beside[rows.labels.columns.label].astype(object)
        beside = beside.assign(**{LABEL: label.map(class_name, na_action="ignore")})
    return multiclass_report(
        rows.current, beside, rows.monitor, title=f"Classification quality: {rows.about}"
    )


def multiclass_report(
    current: pd.DataFrame, reference: pd.DataFrame | None, monitor: Monitor, *, title: str
) -> EvidentlyReport | NoReport:
    """Describes the quality of a classifier of several classes on a sample.

    Args:
        current: sample with the log's columns and the label in `_obs_label`; rows without a label or a
            prediction are left out. Scores are shown where every row has them, and no label is of a class
            that nobody declared.
        reference: the same of the baseline, if it has labels; shown beside it.
        monitor: names the classes and the columns.
        title: stands above the report, with the sizes of the samples.

    Returns:
        The report with Evidently's Accuracy, Precision, Recall and F1Score, averaged over the classes as
        scikit-learn's `macro` does, or of the last one where there are two; or no report if there are labels
        of fewer than two classes. Of more than twenty classes the most frequent are shown, and the others as
        one; of more than five there are no curves.
    """
    labelled = _labelled(current, monitor)
    if labelled.empty:
        return NoReport("no row of the sample has a label and a prediction")
    if labelled[_TRUTH].nunique() < _FEWEST:
        return NoReport("the labels of the sample are of one class only")
    beside = None if reference is None else _labelled(reference, monitor)
    if beside is not None and beside[_TRUTH].nunique() < _FEWEST:
        beside = None
    samples = [labelled] if beside is None else [labelled, beside]
    sizes = f"{len(labelled):,} sampled rows with a label"
    if beside is not None:
        sizes += f", beside {len(beside):,} of the baseline"
    shown = _shown(samples)
    if shown:
        samples = [_folded(each, shown) for each in samples]
        sizes += f"; the {len(shown)} most frequent classes, the others as {OTHER_CLASS}"
    scores = [] if shown else _scores(samples, monitor)
    evidently = library()
    definition = evidently.DataDefinition(classification=[_defined(samples, scores)])
    columns = [_TRUTH, _CHOSEN, *scores]
    datasets = [evidently.Dataset.from_pandas(each[columns], definition) for each in samples]
    wanted: Any = evidently.ClassificationPreset()
    if len(scores) > _MOST_CURVES:
        sizes += "; curves are left out, because there are many classes"
        wanted = [evidently.ClassificationQuality(conf_matrix=True), evidently.ClassificationQualityByLabel()]
    snapshot = run(evidently, wanted, datasets[0], *(datasets[1:] or [None]))
    values = {
        config["type"].rsplit(":", 1)[-1]: value
        for config, value in values_of(snapshot)
        if not config["type"].endswith("ByLabel")
    }
    return EvidentlyReport(html_page(widgets_of(snapshot), title, sizes), values)


def _defined(samples: Sequence[pd.DataFrame], scores: Sequence[str]) -> Any:
    """What Evidently is told of the columns; of two classes, one of which it takes for the positive one."""
    from evidently import BinaryClassification, MulticlassClassification

    present = sorted({name for each in samples for column in (_TRUTH, _CHOSEN) for name in each[column]})
    if len(present) == _FEWEST:
        return BinaryClassification(target=_TRUTH, prediction_labels=_CHOSEN, pos_label=present[-1])
    return MulticlassClassification(
        target=_TRUTH, prediction_labels=_CHOSEN, prediction_probas=list(scores) or None
    )


def _labelled(rows: pd.DataFrame, monitor: Monitor) -> pd.DataFrame:
    """The rows with a label and a prediction, whose classes and scores are named as the page shows them."""
    import pandas as pd

    classes, columns = classes_of(monitor), score_columns(monitor)

    def shown(value: Any) -> str:
        return harmless(value) if value in classes else OTHER_CLASS

    named = {name: column for name, column in columns.items() if column in rows}
    found: dict[str, Any] = {
        name: rows[column].map(shown, na_action="ignore") if column in rows else None
        for name, column in ((_TRUTH, LABEL), (_CHOSEN, prediction_column(monitor)))
    }
    if len(named) == len(columns):
        found |= {
            harmless(name): pd.to_numeric(rows[column], errors="coerce").astype("float64")
            for name, column in named.items()
        }
    frame = pd.DataFrame(found, index=rows.index)
    whole: pd.DataFrame = frame[frame[_TRUTH].notna() & frame[_CHOSEN].notna()].reset_index(drop=True)
    return whole


def _shown(samples: Sequence[pd.DataFrame]) -> list[str]:
    """The classes that are shown by themselves; empty if all are."""
    import pandas as pd

    named = [each[column] for each in samples for column in (_TRUTH, _CHOSEN)]
    if pd.concat(named).nunique() <= _MOST:
        return []
    frequent = pd.concat([each[_TRUTH] for each in samples]).value_counts()
    return [str(name) for name in frequent.index if name != OTHER_CLASS][: _MOST - 1]


def _folded(rows: pd.DataFrame, shown: Sequence[str]) -> pd.DataFrame:
    folded: pd.DataFrame = rows[[_TRUTH, _CHOSEN]].where(lambda frame: frame.isin(shown), OTHER_CLASS)
    return folded


def _scores(samples: Sequence[pd.DataFrame], monitor: Monitor) -> list[str]:
    """The columns of the scores, if Evidently can take them: a column for each label, and a number each."""
    names = [harmless(name) for name in score_columns(monitor)]
    # scores of two classes would be those of a binary classifier, one of them positive
    whole = len(names) > _FEWEST and all(
        set(names) <= set(each.columns)
        and bool(each[names].notna().all(axis=None))
        and set(each[_TRUTH]) <= set(names)
        for each in samples
    )
    return names if names and whole else []
