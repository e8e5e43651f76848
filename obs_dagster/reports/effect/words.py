"""The effect of a version in words that somebody understands who is tired."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.effects.by_day import Mean
from obs_dagster.effects.estimate import Estimated
from obs_dagster.effects.overlap import APART, GUESSING
from obs_dagster.evaluation.effect import VersionEffect
from obs_dagster.figures import MINUS, decimal, percent

_OF_SHARE = {
    "label": "the share of positive labels",
    "error": "the share of wrong decisions",
}
_OF_NUMBER = {"label": "the mean label", "error": "the mean error", "cost": "the cost of errors per row"}
_WORDS = {"level": "the day alone", "linear": "a linear model", "trees": "boosted trees"}


def outcome_named(found: VersionEffect) -> str:
    """What the effect is on, within a sentence."""
    return _OF_SHARE[found.outcome] if found.binary else _OF_NUMBER[found.outcome]


def headline(found: VersionEffect) -> str:
    """What serving the second version did, in a sentence or two."""
    of = outcome_named(found)
    if found.estimated is None or found.estimated.effect is None or found.estimated.means is None:
        return (
            f"What serving version {found.second} in the place of version {found.first} does to {of} cannot "
            f"be known: {found.reason}."
        )
    effect, (first, second) = found.estimated.effect, found.estimated.means
    said = {1: "raises", -1: "lowers", 0: "has no certain effect on"}[effect.decided]
    levels = (
        f"had it served all of these rows it would be {level(found, second.value)}, and "
        f"{level(found, first.value)} with version {found.first}"
    )
    return (
        f"Serving version {found.second} in the place of version {found.first} {said} {of}: "
        f"{difference(found, effect)}; {levels}."
    )


def difference(found: VersionEffect, effect: Mean) -> str:
    """An effect with its interval, in points of a share or in the outcome's own unit.

    >>> from obs_dagster.effects.by_day import Mean
    >>> difference(VersionEffect("1", "2", "label"), Mean(0.0213, 0.005, 0.0112, 0.0314, 0.001, 14))
    '+2.1 points [+1.1, +3.1]'
    """
    value, low, high = (signed(found, each) for each in (effect.value, effect.low, effect.high))
    return f"{value}{' points' * found.binary} [{low}, {high}]"


def signed(found: VersionEffect, value: float) -> str:
    """A difference with its sign."""
    text = f"{100 * value:+.1f}" if found.binary else f"{'+' if value >= 0 else '-'}{decimal(abs(value))}"
    return text.replace("-", MINUS)


def level(found: VersionEffect, value: float) -> str:
    """A mean outcome; what is estimated may lie outside of what there is."""
    if found.binary:
        return percent(min(max(value, 0.0), 1.0))
    return decimal(value) if value >= 0 else f"{MINUS}{decimal(-value)}"


def told(found: VersionEffect) -> Iterator[tuple[str, str]]:
    """What has to be known of it, by what it is about."""
    if found.days:
        yield "Rows", _rows(found)
    if found.immature or found.shadow:
        yield "Left out", " ".join(_left_out(found))
    estimated = found.estimated
    if estimated is None:
        return
    yield "Routing", routing(estimated)
    yield "Overlap", overlap_told(estimated, found)
    if estimated.effect is None:
        yield "What to do", _DO
        return
    if min(found.labelled) < _MOSTLY:
        yield "Labels", _labels(found)
    yield "Evened out by", outcome_models(estimated)
    if (sensitivity := unmeasured_told(found, estimated)) is not None:
        yield "What could explain it", sensitivity
    yield "How sure", "The interval is that of one look: decide on a day that was set before. " + _ALWAYS
    if found.outcome == "label":
        yield "An effect?", _SAY


_MOSTLY, _TELLING = 0.9, 3
_DO = (
    "Have chance decide for a part of the rows, of every kind, which version serves them; after seven days "
    "of that ask obs effect again, from its first day on."
)
_ALWAYS = "Which version is right more often, obs compare says on any night."
_SAY = (
    "Only if what the model decides can change the label. If it cannot, as with the weather, a difference "
    "means that rows were not made alike."
)


def _rows(found: VersionEffect) -> str:
    first, second = found.rows
    drawn = "" if first + second >= sum(found.served) else f", of the {sum(found.served):,} that they served"
    return (
        f"{first:,} labelled ones of version {found.first} and {second:,} of version {found.second}{drawn}; "
        f"{len(found.days)} days, {found.days[0]} to {found.days[-1]}."
    )


def _left_out(found: VersionEffect) -> Iterator[str]:
    if found.immature:
        yield f"{_days(found.immature)} whose labels are not complete yet."
    if found.shadow:
        yield f"{_days(found.shadow)} on which one version scored the requests of the other."


def _days(count: int) -> str:
    return f"{count} day{'s' * (count != 1)}"


def _labels(found: VersionEffect) -> str:
    one, other = (percent(each) for each in found.labelled)
    return (
        f"They are known of {one} of version {found.first}'s rows and {other} of version {found.second}'s; "
        "of the others nothing is said."
    )


def routing(estimated: Estimated) -> str:
    """Whether rows came to versions by chance."""
    seen = estimated.overlap
    area = f"(AUC {seen.area:.2f} [{seen.low:.2f}, {seen.high:.2f}]; 0.50 is guessing)"
    if seen.at_random:
        return f"It looks random: nothing in the features tells who served a row {area}."
    told = "tell" if seen.area >= APART else "tell in part"
    least = GUESSING + (seen.area - GUESSING) / 4
    alone = [f"{name} ({each:.2f} alone)" for name, each in seen.alone.items() if each >= least][:_TELLING]
    most = f" Most of all {', '.join(alone)}." if alone else ""
    return f"It was not random: the features {told} who served a row {area}.{most}"


def overlap_told(estimated: Estimated, found: VersionEffect) -> str:
    """How much of the rows either version could have got."""
    seen = estimated.overlap
    first, second = (f"{each:,.0f}" for each in seen.effective)
    worth = f"Made alike, the rows are worth {first} of version {found.first} and {second} of {found.second}."
    if not seen.outside:
        return f"All rows could have got either version. {worth}"
    return (
        f"{percent(seen.outside)} of the rows are like those that only one version got; nothing is known of "
        f"them, and the effect is that on the others. {worth}"
    )


def outcome_models(estimated: Estimated) -> str:
    """What the estimate rests on: by what chances and outcomes are known."""
    first, second = (_WORDS[each] for each in estimated.learned)
    means = first if first == second else f"{first} and {second}"
    return f"Chances of a version are known by {_WORDS[estimated.overlap.by]}, outcomes by {means}."


def unmeasured_told(found: VersionEffect, estimated: Estimated) -> str | None:
    """What could explain the effect that nobody logged; None where routing was at random."""
    if found.unmeasured is None or estimated.effect is None or estimated.effect.decided == 0:
        return None
    shakes, explains = found.unmeasured.shakes, found.unmeasured.explains
    return (
        f"Something that the log does not have, if it made both likelier, version {found.second} and the "
        f"outcome: {explains:.1f} times explains all of it, {shakes:.1f} times makes it uncertain (E-values)."
    )
