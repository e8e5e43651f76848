"""What closed incidents teach of rules: which fire for nothing, and what to change of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from obs_dagster.alerts.incidents.incident import FOR_NOTHING, Incident
from obs_dagster.alerts.incidents.peak import between, peak
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.history import History

LEAST = 2
"""Closed incidents of a rule from which on anything is proposed."""


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """What became of the alerts of one rule of a model.

    Attributes:
        incidents: closed incidents that it had an alert in.
        causes: how many of these were closed with each cause.
        for_nothing: how many of these nobody would have had to be told of.
        proposal: what to change, in words; empty if nothing follows.
    """

    model: str
    rule: str
    incidents: int
    causes: dict[str, int]
    for_nothing: int
    proposal: str

    @property
    def share(self) -> float:
        """The share of its closed incidents that were for nothing."""
        return self.for_nothing / self.incidents


def learn(history: History, incidents: Sequence[Incident]) -> list[RuleRecord]:
    """Per rule what its closed incidents were; that which most often fired for nothing first.

    Args:
        history: the store, which has the values of their nights.
        incidents: incidents; those that nobody has closed teach nothing.
    """
    found: dict[tuple[str, str], list[tuple[Incident, list[Alert]]]] = defaultdict(list)
    for incident in incidents:
        if incident.closed_at is not None:
            for rule in incident.rules:
                alerts = [alert for alert in incident.alerts if alert.rule == rule]
                found[incident.model, rule].append((incident, alerts))
    with history.reading() as connection:
        records = [_record(connection, model, rule, known) for (model, rule), known in found.items()]
    return sorted(records, key=lambda each: (-each.share, -each.incidents, each.model, each.rule))


def _record(
    connection: Connection, model: str, rule: str, known: Sequence[tuple[Incident, list[Alert]]]
) -> RuleRecord:
    causes = Counter[str](incident.cause for incident, _ in known)
    nothing = [alerts for incident, alerts in known if incident.cause in FOR_NOTHING]
    real = [alerts for incident, alerts in known if incident.cause in {"fault", "upstream"}]
    return RuleRecord(
        model,
        rule,
        len(known),
        dict(causes),
        len(nothing),
        next(_proposals(connection, causes, nothing, real), "") if len(known) >= LEAST else "",
    )


def _proposals(
    connection: Connection,
    causes: Mapping[str, int],
    nothing: Sequence[list[Alert]],
    real: Sequence[list[Alert]],
) -> Iterator[str]:
    """What would have kept silent of what was for nothing and told of what was real; the mildest first."""
    if 2 * len(nothing) < sum(causes.values()):
        return
    longest = max(_nights(alerts) for alerts in nothing)
    shortest = min((_nights(alerts) for alerts in real), default=None)
    if shortest is not None and longest < shortest:
        yield (
            f"`for: {longest + 1}`: what was for nothing lasted {longest} nights at most, what was real "
            f"{shortest} at least"
        )
    if farther := between(_peaks(connection, nothing), _peaks(connection, real)):
        yield f"`{farther}`: what was real cleared it, what was for nothing did not"
    if causes.get("expected", 0) > causes.get("false_alarm", 0):
        yield "changes were expected: hold it against what is usual, or renew the baseline"
    if real:
        yield "another metric, or a second one beside it under `all`: it found what was real too, as weakly"
    yield "`severity: info`, or take it out: nothing that it found was real"


def _peaks(connection: Connection, incidents: Sequence[list[Alert]]) -> list[tuple[Alert, float]]:
    """Per incident the alert that was farthest beyond the threshold."""
    found = []
    for alerts in incidents:
        known = [(alert, value) for alert in alerts if (value := peak(connection, alert)) is not None]
        if known:
            found.append(max(known, key=lambda each: each[1] if each[0].direction == "above" else -each[1]))
    return found


def _nights(alerts: Sequence[Alert]) -> int:
    return max((alert.nights for alert in alerts), default=0)
