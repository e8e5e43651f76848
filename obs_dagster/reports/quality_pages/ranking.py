"""Evidently's page of rankings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from obs_dagster.lake.columns import LABEL
from obs_dagster.reports.evidently import EvidentlyReport, NoReport, harmless, library, run, widgets_of
from obs_dagster.reports.evidently_html import html_page
from obs_dagster.reports.quality_pages.sampled import Sampled, chosen

if TYPE_CHECKING:
    import pandas as pd


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
        cutoff=next(iter(ranking.at)),
        served=roles.rank is not None,
        empty_requests=ranking.without_relevant == "zero",
        title=f"Ranking quality: {rows.about}",
    )


def ranking_report(
    current: pd.DataFrame,
    *,
    cutoff: int,
    served: bool,
    empty_requests: bool,
    title: str = "Ranking quality",
) -> EvidentlyReport | NoReport:
    """Describes rankings on a sample of whole requests.

    Args:
        current: sample with the columns `request`, `item`, `order` (the score, or the served position),
            `grade` and `relevant` (0 or 1), without missing values.
        cutoff: the place down to which numbers look, or the longest ranking if that is shorter.
        served: whether `order` is the position, the lowest first.
        empty_requests: whether a request without relevant items counts, with 0.
        title: stands above the report, with the size of the sample.

    Returns:
        The report with Evidently's NDCG, MAP, MRR, HitRate, PrecisionTopK and RecallTopK; or no report if
        nothing in the sample is relevant. Evidently's MAP divides by all relevant items of a request, and
        its MRR looks no further than the cut-off.
    """
    if not (current["relevant"] > 0).any():
        return NoReport("no item of the sample is relevant")
    evidently = library()
    from evidently import Recsys
    from evidently.metrics import MAP, MRR, NDCG, HitRate, PrecisionTopK, RecallTopK, ScoreDistribution

    order = "rank" if served else "score"
    rankings = [
        Recsys(
            name=target,
            user_id="request",
            item_id="item",
            target=target,
            prediction="order",
            recommendations_type=order,
        )
        for target in ("grade", "relevant")
    ]
    rows = current.assign(**{name: current[name].map(str).map(harmless) for name in ("request", "item")})
    definition = evidently.DataDefinition(
        categorical_columns=["request", "item"],
        numerical_columns=["order", "grade", "relevant"],
        ranking=rankings,
    )
    longest = current["order"].max() if served else current.groupby("request").size().max()
    k = min(cutoff, int(longest))
    common: dict[str, Any] = {"k": k, "no_feedback_users": empty_requests}
    of_relevant = (PrecisionTopK, RecallTopK, HitRate, MAP, MRR)
    wanted = [
        NDCG(ranking_name="grade", **common),
        *(kind(ranking_name="relevant", **common) for kind in of_relevant),
        ScoreDistribution(k=k, ranking_name="relevant"),
    ]
    snapshot = run(
        evidently, wanted, evidently.Dataset.from_pandas(rows.reset_index(drop=True), definition), None
    )
    values = {
        metric["config"]["type"].rsplit(":", 1)[-1]: _at(metric["value"], k)
        for metric in snapshot.dict()["metrics"]
    }
    requests = f"{current['request'].nunique():,} sampled requests with labels"
    sizes = f"{requests}, {len(current):,} rows, down to place {k}"
    return EvidentlyReport(html_page(widgets_of(snapshot), title, sizes), values)


def _at(value: Any, cutoff: int) -> float:
    """A number, or the one of a table with a row per cut-off that belongs to this one."""
    if not isinstance(value, dict):
        return float(value)
    by_cutoff = list(value["value"].values())
    return float(by_cutoff[min(cutoff, len(by_cutoff)) - 1])
