"""Which column plays which role: names, types and values weighed together, each column in one role."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from obs_dagster.discovery.asking import Ask, Question
from obs_dagster.discovery.column import Column
from obs_dagster.discovery.error import DiscoveryError
from obs_dagster.discovery.role import Claim, Role, Section
from obs_dagster.discovery.sample import Sample
from obs_dagster.kinds import Place
from obs_dagster.monitor.problem import nearest, quoted

_ROLES = Place("obs_dagster.discovery.roles", "ROLE")


@dataclass(frozen=True, slots=True)
class Recognised:
    """A column in its role.

    Attributes:
        column: its name.
        why: what speaks for it.
        sure: whether nothing else speaks for another one.
        others: columns that could be it as well.
        option: what says otherwise on the command line.
    """

    column: str
    why: str
    sure: bool
    others: tuple[str, ...] = ()
    option: str = ""


def roles() -> dict[str, Role]:
    """Every role by name."""
    return {role.name: role for _, role in _ROLES.found()}


def recognise(
    sample: Sample,
    section: Section,
    given: Mapping[str, str],
    ask: Ask,
    *,
    wanted: Collection[str] | None = None,
    without: Collection[str] = (),
) -> dict[str, Recognised]:
    """The column of each role that a sample has.

    Args:
        sample: the rows.
        section: what they are of.
        given: columns by role, as a person named them.
        ask: who decides where two columns could be it.
        wanted: roles that are looked for; left out: all of the section.
        without: columns that are something else.

    Raises:
        DiscoveryError: there is no such column as was named.
    """
    known = {
        name: role
        for name, role in roles().items()
        if section in role.sections and (wanted is None or name in wanted)
    }
    found = {
        name: _named(sample, known[name], column)
        for name, column in given.items()
        if name in known and column
    }
    free = [
        column
        for column in sample.columns.values()
        if column.name not in without and column.name not in {each.column for each in found.values()}
    ]
    open_roles = [role for name, role in known.items() if name not in given]
    claims = {role.name: role.claims(sample, free, section) for role in open_roles}
    for name, chosen in _assigned(claims).items():
        taken = {each.column for each in found.values()}
        left = [chosen, *(each for each in claims[name] if each.column != chosen.column)]
        left = [each for each in left if each.column not in taken]
        decided = _decided(known[name], left, ask) if left else None
        if decided:
            found[name] = decided
    return found


def _named(sample: Sample, role: Role, column: str) -> Recognised:
    if column not in sample.columns:
        meant = nearest(column, sample.columns)
        hint = f"Did you mean {quoted(meant)}? " if meant else ""
        raise DiscoveryError(
            f"There is no column {quoted(column)} (`{role.option}`).",
            remedy=f"{hint}There are: {', '.join(sample.columns)}.",
        )
    why = role.fits(sample.columns[column], sample)
    return Recognised(column, f"named by {role.option}" + (f"; {why}" if why else ""), sure=True)


def _assigned(claims: Mapping[str, Sequence[Claim]]) -> dict[str, Claim]:
    """One column for each role and one role for each column, what is said best first."""
    every = sorted((claim for of_role in claims.values() for claim in of_role), key=_weight)
    chosen: dict[str, Claim] = {}
    taken: set[str] = set()
    for claim in every:
        if claim.role not in chosen and claim.column not in taken:
            chosen[claim.role] = claim
            taken.add(claim.column)
    return chosen


def _weight(claim: Claim) -> tuple[bool, int]:
    return not claim.by_name, claim.rank


def _decided(role: Role, claims: Sequence[Claim], ask: Ask) -> Recognised | None:
    """The first of the claims, or the one that a person prefers; None if none is it."""
    chosen, *rivals = claims
    # what only its values speak for is sure if there is no other column of such values
    sure = all(each.rank != chosen.rank for each in rivals)
    if not sure:
        choices = {each.column: each.why for each in claims}
        answer = ask(Question(role.question, role.option, tuple(choices.items()), optional=True))
        if answer is not None:
            return (
                Recognised(answer, choices.get(answer, ""), sure=True, option=role.option) if answer else None
            )
    return Recognised(chosen.column, chosen.why, sure, tuple(each.column for each in rivals), role.option)


def unused(sample: Sample, used: Collection[str]) -> list[Column]:
    """The columns that are not among some."""
    return [column for column in sample.columns.values() if column.name not in used]
