"""Puts the explanation of one prediction on a page."""

from __future__ import annotations

from obs_dagster.explain.prediction_explained import PredictionExplained
from obs_dagster.reports.prediction import wording
from obs_dagster.reports.templates import environment


def render_prediction(found: PredictionExplained) -> str:
    """The page as one HTML document that loads nothing."""
    longest = max((abs(each.contribution) for each in found.contributions), default=0.0) or 1.0
    bars = [
        {
            "feature": each.feature,
            "value": wording.shown(each.value),
            "told": wording.direction(each),
            "width": round(abs(each.contribution) / longest * 50, 2),
            "up": each.contribution >= 0,
        }
        for each in found.contributions
    ]
    templates = environment(__name__)
    return templates.get_template("prediction.html.j2").render(
        found=found,
        bars=bars,
        shown=wording.shown,
        said=wording.said(found),
        moved=wording.moved(found),
        method=wording.method(found),
        unlike=wording.unlike(found),
        heading=wording.otherwise_heading(found),
        otherwise=wording.otherwise(found),
    )
