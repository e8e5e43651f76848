"""The default rule of what a model is for: worse for a week than its baseline, and than weeks differ."""

from __future__ import annotations

from obs_dagster.metrics.default_rule import DefaultRule

_WHY = (
    "Weeks of one model differ by less than that. Days are judged once their labels are waited for no "
    "longer, for labels that come early are often unlike late ones."
)


def quality_lost(
    name: str, *, below: str | None = None, above: str | None = None, summary: str, more: str = ""
) -> DefaultRule:
    """A rule on a week of complete labels.

    Args:
        name: the rule's name.
        below: the share of the baseline's value under which it fires; this one or the next.
        above: the share over which it does.
        summary: what it means and what to do first.
        more: what else there is to say of the threshold, in front of the reason that all of these have.
    """
    return DefaultRule(
        name=name,
        below=below,
        above=above,
        beyond_days=True,
        window=7,
        for_nights=2,
        min_rows=200,
        severity="critical",
        settled=True,
        summary=summary,
        why=f"{more} {_WHY}".lstrip(),
    )
