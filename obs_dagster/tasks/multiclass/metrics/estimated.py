"""How right a model of several classes probably is before labels come, and how far the truth was off."""

from __future__ import annotations

from typing import Any

from obs_dagster.estimate.adapted import RECALIBRATED, REWEIGHTED
from obs_dagster.estimate.expected_classes import STATISTICS
from obs_dagster.metrics.estimate import adapted, adapted_rows, by_name, estimated, shifted
from obs_dagster.metrics.metric import Metric
from obs_dagster.tasks.multiclass.metrics import accuracy, averages, scoring_rules, separation

_CALIBRATED = (
    ", with c_k(s_k) rows of class k in each row; c_k(s): the chance that a row whose score for class k is s "
    "has this class for a label, by isotonic regression over the baseline's labelled rows, in score bins."
)
_INTERVAL = (
    "of both errors: the calibration is that of resampled days of the baseline (of rows, where it has fewer "
    "than 10 labelled days), the labels of each class are drawn from it, with the level that days of the "
    "baseline have, and made to be one of a row"
)
_ALL: tuple[Metric[Any], ...] = (
    *accuracy.METRICS,
    *averages.METRICS,
    *scoring_rules.METRICS,
    *separation.METRICS,
)
_KNOWN = by_name(_ALL, STATISTICS)

METRICS = (
    *(
        estimated(
            each,
            way="cbpe-one-vs-rest",
            formula=f"as `{each.name}`{_CALIBRATED}",
            reference="NannyML's confidence-based performance estimation for several classes, which also "
            "scales the chances of a row to sum to 1; they differ by what these sums differ from 1.",
            interval=_INTERVAL,
        )
        for each in _KNOWN
    ),
    *(
        adapted(
            each,
            way="reweighted-one-vs-rest",
            formula=f"as `estimated_{each.name}`, with c'_k in place of c_k: {RECALIBRATED}",
            reference=REWEIGHTED,
            interval=f"{_INTERVAL}; a and b are those of resampled days, or rows",
        )
        for each in _KNOWN
    ),
    *(shifted(each, way="cbpe-one-vs-rest") for each in _KNOWN),
    adapted_rows(_KNOWN[0]),
)
