"""An answer in words, for whoever is woken at five."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.causes.answer import Answer, Candidate, Link, Probability
from obs_dagster.verdict.wording import listing

_NAMED = 3
"""Candidates that are told; tables have all."""

_SMALL = 0.05
"""What is less likely is not told beside something else."""

_EVIDENCE = 2


def chance(probability: float) -> str:
    """A probability that nights leave open: without decimals, and never none at all or a certainty.

    >>> chance(0.8123), chance(0.001), chance(0.9999)
    ('81 %', 'under 1 %', 'over 99 %')
    """
    if probability < 0.005:  # noqa: PLR2004 - half a per cent
        return "under 1 %"
    return "over 99 %" if probability > 0.995 else f"{probability:.0%}".replace("%", " %")  # noqa: PLR2004


def between(probability: Probability) -> str:
    """How far the nights leave a probability open.

    >>> between(Probability(0.8, 0.604, 0.93))
    '60 to 93 %'
    """
    return f"{100 * probability.low:.0f} to {100 * probability.high:.0f} %"


def told_of(answer: Answer) -> Iterator[str]:
    """Sentences: what is off, where it began, what led to what, and what would be else."""
    about = answer.of
    if about is None:
        yield f"Nothing was off {when(answer)}."
        return
    why = f": {listing(list(answer.told[:_EVIDENCE]))}" if answer.told else ""
    yield f"{_headed(about.title)} {_verb(about.title)} off {when(answer)}{why}."
    if answer.alone is None:
        yield from _without_probabilities(answer)
    elif not answer.candidates:
        yield "Nothing that comes before it was off, so it began there."
    else:
        yield _beginning(answer, answer.alone)
        yield from (_link(each) for each in answer.links if each.share.value >= _SMALL)
        yield from (
            _otherwise(answer, each)
            for each in answer.candidates[:_NAMED]
            if each.effect is not None and each.began is not None and each.began.value >= _SMALL
        )
    yield _basis(answer)


def in_a_line(answer: Answer) -> str:
    """The likeliest beginning, for a message beside other things; empty where nothing can be said."""
    if answer.alone is None or not answer.candidates:
        return ""
    first = answer.candidates[0]
    if first.began is None or first.began.value < answer.alone.value or not first.off:
        return ""
    told = f"it most likely began with {first.component.title} ({chance(first.began.value)})"
    return f"{told}: {first.told[0]}" if first.told else told


def when(answer: Answer) -> str:
    """The days that are asked about."""
    if answer.first == answer.last:
        return f"on {answer.last}"
    return f"between {answer.first} and {answer.last}"


def _beginning(answer: Answer, alone: Probability) -> str:
    """Where it began, the likeliest first."""
    known = [
        (each.began, _name(each))
        for each in answer.candidates
        if each.began is not None and each.began.value >= _SMALL
    ]
    places = [*known, (alone, "nothing that is known")]
    places.sort(key=lambda each: -each[0].value)
    first, *others = places
    what = first[1] if first[0] is not alone else f"{first[1]} began it"
    told = f"It most likely began with {what}" if first[0] is not alone else f"Most likely {what}"
    told = f"{told}: {chance(first[0].value)} ({between(first[0])})"
    rest = [f"{name} {chance(each.value)}" for each, name in others[:_NAMED] if each.value >= _SMALL]
    return f"{told}; else {listing(rest)}." if rest else f"{told}."


def _name(candidate: Candidate) -> str:
    known = "" if candidate.off else ", of which nothing is known then,"
    evidence = f" ({candidate.told[0]})" if candidate.told else ""
    return f"{candidate.component.title}{known}{evidence}"


def _link(link: Link) -> str:
    return (
        f"{_headed(link.cause.trouble)} led to {link.effect.trouble}: {chance(link.share.value)} "
        f"({between(link.share)})."
    )


def _otherwise(answer: Answer, candidate: Candidate) -> str:
    effect = candidate.effect
    if effect is None or answer.of is None:
        return ""
    title, about = candidate.component.title, answer.of.title
    return (
        f"Had {title} been as usual, the chance that {about} {_verb(about)} off would have been "
        f"{chance(effect.otherwise.value)} instead of {chance(effect.chance.value)}; as the night was, it "
        f"would be off all the same with {chance(effect.all_the_same.value)}."
    )


def _without_probabilities(answer: Answer) -> Iterator[str]:
    if not answer.candidates:
        yield "Nothing that comes before it was off."
    else:
        first = answer.candidates[0]
        more = f" ({first.told[0]})" if first.told else ""
        yield (
            f"In the order of the stages, {first.component.title} comes first of what was off then{more}; "
            f"whether it is the cause is not known: {answer.reason}."
        )
        yield from (_together(answer, each) for each in answer.candidates)
        return
    yield f"Probabilities are not told: {answer.reason}."


def _together(answer: Answer, candidate: Candidate) -> str:
    title = candidate.component.title
    if not candidate.off_nights:
        return f"{_headed(title)} {_verb(title)} off on no night before."
    about, number = answer.of.title if answer.of else "", candidate.off_nights
    return (
        f"{_headed(title)} {_verb(title)} off on {number} night{'s' * (number != 1)} before, {about} with "
        f"{'it' if _verb(title) == 'was' else 'them'} on {candidate.together} of these."
    )


def _basis(answer: Answer) -> str:
    told = f"Learned from {answer.nights} nights"
    if answer.reason:
        told = "1 night is known" if answer.nights == 1 else f"{answer.nights} nights are known"
        told = f"{told}, the same trouble in a row counted once"
    about = answer.of.title if answer.of else ""
    told = f"{told}, with {about} off on {answer.off_nights}"
    return f"{told}; {'; '.join(answer.unknown)}." if answer.unknown else f"{told}."


def _verb(title: str) -> str:
    """The verb of a component's name, of which some are plural."""
    return "were" if title.endswith("s") else "was"


def _headed(title: str) -> str:
    return f"{title[:1].upper()}{title[1:]}"
