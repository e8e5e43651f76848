"""Evidently's page of rankings."""

from __future__ import annotations

from obs_dagster.lake.columns import LABEL
from obs_dagster.reports.evidently import EvidentlyReport, NoReport, ranking_report
from obs_dagster.reports.quality_pages.sampled import Sampled, chosen


def page(rows: Sampled) -> EvidentlyReport | NoReport:
    """The page of the day's requests; the sample of the baseline has no whole ones to stand beside them."""
    roles, ranking = rows.monitor.logs.columns, rows.monitor.ranking
    names = {roles.request: "request", roles.item: "item", roles.rank or roles.score: "order", LABEL: "grade"}
    found = chosen(rows.current, {old: new for old, new in names.items() if old})
    if len(found.columns) < len(names):
        return NoReport("the log lacks a column of the rankings")
    labelled = found["grade"].notna()
    evaluated = labelled.groupby(found["request"]).transform("any")
    judged = found[evaluated & (labelled | (ranking.unlabelled == "irrelevant"))]
    ranked = judged.assign(grade=judged["grade"].fillna(0.0).clip(lower=0.0)).dropna()
    # Evidently takes sums of scores, which none may be infinite for
    finite = ranked["order"].abs() < float("inf")
    whole = ranked[finite.groupby(ranked["request"]).transform("all")]
    if whole.empty:
        return NoReport("no row of the sample has a label")
    return ranking_report(
        whole.assign(relevant=(whole["grade"] >= ranking.relevant_from).astype(float)),
        cutoff=ranking.at[0],
        served=roles.rank is not None,
        empty_requests=ranking.without_relevant == "zero",
        title=f"Ranking quality: {rows.about}",
    )
