"""Alert rules."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from obs_dagster.monitor.choice import Written
from obs_dagster.monitor.condition import Condition, named
from obs_dagster.monitor.contract import Strict
from obs_dagster.monitor.escalation import Escalation, Severity
from obs_dagster.monitor.threshold import BUDGET
from obs_dagster.monitor.whole import WHOLE


class Rule(Condition):
    """Watches one metric, or several; each subject (version, segment, column) it matches has its own alert.

    Either it is a condition itself, or it has several under `all` or `any`: then a night is a breach if all
    of them are, or any of them is. Its subjects are those of the first condition; of the others counts what
    is of the same version, segment and column, or of all versions or rows.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="Names the rule in alerts and checks.")
    all_of: tuple[Condition, ...] = Field(
        default=(), alias="all", description="Conditions that must all be in breach; in place of `metric`."
    )
    any_of: tuple[Condition, ...] = Field(
        default=(), alias="any", description="Conditions of which one in breach is enough."
    )
    for_nights: int = Field(
        default=1, ge=1, le=90, alias="for", description="Nights in a row that must breach before it fires."
    )
    keep_firing_for: int = Field(
        default=0,
        ge=0,
        le=90,
        description="Good nights in a row for which it still fires, before it ends: so that what comes and "
        "goes is one alert.",
    )
    segments: tuple[str, ...] = Field(
        default=(WHOLE,),
        min_length=1,
        description="Segment cells that are watched: `*` is all rows, `origin` every value of that segment "
        "column, `origin=JFK` one value; `origin,carrier` every cell of a crossing, `origin=JFK,carrier=AA` "
        "one. In a value, `%25`, `%2C` and `%3D` stand for `%`, `,` and `=`, and `*` for anything: "
        "`origin=J*`.",
    )
    versions: tuple[str, ...] | None = Field(
        default=None, description="Versions that are watched, by name or pattern (`2.*`); left out: all."
    )
    severity: Severity = Field(default="warning", description="How bad it is.")
    escalate: tuple[Escalation, ...] = Field(
        default=(), description="When it is graver; people hear of it again then."
    )
    inhibits: tuple[str, ...] = Field(
        default=(),
        description="Rules, by name or pattern, of whose alerts of the same version people are not told that "
        "begin while this one fires: it says why they do.",
    )
    owner: str | None = Field(default=None, description="Who acts; left out: the monitor's owner.")
    summary: str = Field(default="", description="What it means and what to do first; shown in the alert.")
    runbook: str = Field(
        default="", description="Where it stands what to do, an address or a file; shown in the alert."
    )
    labels: dict[str, str] = Field(
        default_factory=dict, description="Words of your own, by which routes and silences find its alerts."
    )

    @property
    def leading(self) -> Rule:
        """The rule; one of several conditions reads as the first of them where only one can be shown."""
        for first in (self.all_of or self.any_of)[:1]:
            return self.model_copy(update={name: getattr(first, name) for name in Condition.model_fields})
        return self

    @property
    def parts(self) -> tuple[Rule, ...]:
        """The conditions as rules of their own; of a rule that is one, the rule itself."""
        return tuple(
            self.model_copy(
                update={name: getattr(each, name) for name in Condition.model_fields}
                | {"all_of": (), "any_of": ()}
            )
            for each in self.all_of or self.any_of
        ) or (self,)

    def within(self, budget: str) -> Rule:
        """The rule, or each of its conditions, with a monitor's budget where it names none of its own."""
        if self.all_of or self.any_of:
            both = {
                name: tuple(_within(each, budget) for each in getattr(self, name))
                for name in ("all_of", "any_of")
            }
            return self.model_copy(update=both).leading
        return _within(self, budget)

    def watches_version(self, version: str) -> bool:
        """Whether it watches a version; one that others are held against is not watched itself."""
        return version != self.threshold.version and named(self.versions, version)

    @property
    def condition(self) -> str:
        """When it fires, in a few words.

        >>> Rule(name="a", metric="recall", window=7, below="75 % of baseline", **{"for": 2}).condition
        'recall over 7 days below 75 % of the baseline, 2 nights in a row'
        """
        nights = f", {self.for_nights} nights in a row" if self.for_nights > 1 else ""
        return f"{(' and ' if self.all_of else ' or ').join(each.told for each in self.parts)}{nights}"


DEFAULTS: Literal["defaults"] = "defaults"
"""The word that stands for the default rules of the monitor's metrics."""


class Budgeted(Strict):
    """Rules with a budget of false alarms, which rules that hold evidence against a `budget` keep."""

    budget: str = Field(description="How many false alarms are allowed: `1 per year`, `1 per month`.")
    rules: Literal["defaults", "none"] | tuple[Literal["defaults"] | Rule, ...] = Field(
        default=DEFAULTS, description="The rules, as `alerts` has them without a budget."
    )


class Rules(Written):
    """Marks the key of a monitor's rules: a list of them, a word, or either with a budget.

    The typed model has the monitor's own rules only. What `defaults` stands for is added by who knows the
    metrics, when the file is read.
    """

    @property
    def annotation(self) -> Any:
        """The type of the key's value."""
        return Literal["defaults", "none"] | tuple[Literal["defaults"] | Rule, ...] | Budgeted

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(Annotated[self.annotation, AfterValidator(_own)])


def _own(written: str | tuple[str | Rule, ...] | Budgeted) -> tuple[Rule, ...]:
    if isinstance(written, Budgeted):
        return tuple(rule.within(written.budget) for rule in _own(written.rules))
    return tuple(each.leading for each in written if isinstance(each, Rule))


def budget_of(written: Any) -> str | None:
    """The budget that the rules of a monitor file have; None if they have none."""
    found = written.get("budget") if isinstance(written, dict) else None
    return found if isinstance(found, str) else None


def wants_defaults(written: Any) -> bool:
    """Whether the default rules are asked for: by the word, in a list of rules too, or by silence.

    >>> wants_defaults(None), wants_defaults("defaults"), wants_defaults(["defaults", {}]), wants_defaults([])
    (True, True, True, False)
    """
    if isinstance(written, dict):
        return wants_defaults(written.get("rules"))
    return written is None or written == DEFAULTS or (isinstance(written, list) and DEFAULTS in written)


C = TypeVar("C", bound=Condition)


def _within(condition: C, budget: str) -> C:
    written = {
        side: f"budget of {budget}"
        for side in ("above", "below")
        if str(getattr(condition, side)).strip() == BUDGET
    }
    return condition.model_copy(update=written) if written else condition
