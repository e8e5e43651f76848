"""What may be behind an incident, ranked, each with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from obs_dagster.alerts.incidents.components import began
from obs_dagster.alerts.incidents.evidence import Evidence, Oddity
from obs_dagster.alerts.incidents.incident import Incident
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.history.upstream import Became
from obs_dagster.history.usage import program_changes
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.whole import WHOLE

#: In spreads: what lies closer to what is usual is no evidence.
_ODD = 4.0
#: PSI from which on a column has moved, and the share of missing values or broken rows that is no noise.
_MOVED, _SHARE = 0.1, 0.02
#: Evidence (log10 of e) from which on a column moved by more than days differ anyway; the most that counts.
_SURE, _SUREST = 1.0, 4.0
#: What a rule of the incident is about itself, before what else has moved.
_OWN = 20.0
#: Families of metrics that columns can explain: rows that lack or repeat are explained by none.
_OF_VALUES = frozenset(
    {"drift", "multivariate", "performance", "estimate", "explanation", "fairness", "champion"}
)
#: What failed explains what is missing or broken; what changed explains what is no fault of the data's own.
_UPSTREAM: Mapping[Became, float] = {"failed": 600.0, "late": 550.0, "changed": 145.0}
#: What a column that moved counts, before how far it did; what one counts less that moved as days do anyway.
_MOVED_WEIGHT, _AS_DAYS_DO = 50.0, 25.0
#: Metrics of what scores mean.
_CONCEPT = ("concept_shift", "concept_evidence")
#: What explains more of a change than its share of the rows by this factor stands out.
_CONCENTRATED = 2.0


@dataclass(frozen=True, slots=True)
class Suspect:
    """Something that may be behind an incident.

    Attributes:
        kind: `day`, `schema`, `quarantine`, `repeated`, `missing`, `column`, `version`, `labels`, `segment`,
            `group`, `concept`, `output`, `traffic`, `service`, `component`, `upstream`, `run` or `program`.
        about: the column, segment cell or version that it is about; empty for none.
        weight: what it is ranked by.
        evidence: what speaks for it, in words.
    """

    kind: str
    about: str
    weight: float
    evidence: str


def ranked(
    incident: Incident, evidence: Evidence, moved: Callable[[Alert], str], outputs: Collection[str]
) -> list[Suspect]:
    """The suspects, the likeliest first; none if nothing that is known explains it.

    What broke the data comes before what moved in it, that before what moved in the model's output, and what
    is particular before what is general: a column that moved explains scores that moved, a segment explains
    the whole. Of columns, the one that moved farthest, weighed by its importance to the model.

    Args:
        incident: the incident.
        evidence: the records around its beginning.
        moved: what is told of the values that an alert is about.
        outputs: the columns that the model puts out.
    """
    words = {alert.column: told for alert in incident.alerts if alert.column and (told := moved(alert))}
    found = [*_days(incident, evidence), *_upstream(evidence), *_runs(incident, evidence), *_log(evidence)]
    found += _programs(evidence)
    # groups that are treated apart are a part of the rows, as segments are
    found += [Suspect("group", each, 46.0, f"{each}: {told}") for each, told in evidence.groups.items()]
    # what a night has found by itself is about all rows of a version
    found += [
        Suspect("segment", alert.version, 44.0, told)
        for alert in incident.alerts
        if not alert.column and (told := moved(alert))
    ]
    found += _concepts(incident)
    found += _components(incident, evidence)
    for version in _versions(incident, evidence):
        found += _columns(incident, evidence, version, words, outputs)
        found += _scores(evidence, version)
        found += _new_version(evidence, version)
        found += _labels(evidence, version)
        found += _segments(incident, evidence, version)
        found += _service(incident, evidence, version)
    best: dict[tuple[str, str], Suspect] = {}
    for each in found:
        known = best.get((each.kind, each.about))
        if known is None or known.weight < each.weight:
            best[each.kind, each.about] = each
    return sorted(best.values(), key=lambda each: -each.weight)


def _versions(incident: Incident, evidence: Evidence) -> list[str]:
    if incident.version != WHOLE:
        return [incident.version]
    return sorted({key[1] for key in evidence.series} - {WHOLE})


def _days(incident: Incident, evidence: Evidence) -> Iterator[Suspect]:
    """Days that were not evaluated: what such an incident is about, and of others the least of suspects."""
    weight = 1_000.0 if incident.kind == "day" else 5.0
    for night in evidence.around:
        if not night.evaluated:
            why = night.reason.splitlines()[0] if night.reason else "for no known reason"
            yield Suspect("day", str(night.day), weight, f"{night.day} was not evaluated: {why}")


def _upstream(evidence: Evidence) -> Iterator[Suspect]:
    """What became of the assets that the log depends on; of each kind, the latest of each asset."""
    for event in reversed(evidence.upstream):
        told = f"{event.told}, on {event.day}"
        yield Suspect("upstream", f"{event.asset} {event.became}", _UPSTREAM[event.became], told)


def _runs(incident: Incident, evidence: Evidence) -> Iterator[Suspect]:
    """Stages that failed: behind days that were not evaluated and labels that lack, else the least likely."""
    weight = 8.0 if incident.kind == "behaviour" else 400.0
    for run in evidence.failed:
        yield Suspect("run", run.partition, weight, f"the night of {run.partition} failed: {run.error}")


def _log(evidence: Evidence) -> Iterator[Suspect]:
    """What is wrong with the log as a whole."""
    broken = evidence.oddity("broken_columns", WHOLE)
    if broken is not None and broken.value > broken.usual:
        told = f"{broken.value:.0f} declared columns were missing or of another type on {broken.day}"
        yield Suspect("schema", "", 500.0, told)
    quarantined = evidence.oddity("quarantined_share", WHOLE)
    if (
        quarantined is not None
        and quarantined.distance > _ODD
        and quarantined.value - quarantined.usual > _SHARE
    ):
        told = f"{quarantined.value:.1%} of the rows broke the contract on {quarantined.day}"
        told += f", usually {quarantined.usual:.1%}"
        yield Suspect("quarantine", "", 150.0 + 100 * quarantined.value, told)
    repeated = evidence.oddity("duplicate_share", WHOLE)
    if repeated is not None and repeated.distance > _ODD and repeated.value - repeated.usual > _SHARE:
        told = (
            f"{repeated.value:.1%} of the rows repeat others on {repeated.day}, usually {repeated.usual:.1%}"
        )
        yield Suspect("repeated", "", 150.0 + 100 * repeated.value, told)


def _new_version(evidence: Evidence, version: str) -> Iterator[Suspect]:
    # windows of a week are in breach some days after a version has come
    long_before = [night for night in evidence.before if night.day < evidence.begins]
    seen = {each for night in long_before or evidence.before for each in night.versions}
    first = min((nights[0][0] for key, nights in evidence.series.items() if key[1] == version), default=None)
    if seen and version not in seen and first is not None:
        yield Suspect("version", version, 60.0, f"version {version} was first seen on {first}")


def _programs(evidence: Evidence) -> Iterator[Suspect]:
    """Libraries, or this program, that are others since: numbers may change with them whatever the data."""
    nights = [day for day in evidence.programs if evidence.begins <= day <= evidence.until]
    for day in nights:
        if changed := program_changes(evidence.programs, day):
            told = f"nights run with other programs since {day}: {', '.join(changed)}"
            yield Suspect("program", "", 8.0, told)


def _concepts(incident: Incident) -> Iterator[Suspect]:
    """Scores whose meaning has changed: labels are others, or what they depend on, whatever columns do."""
    for alert in incident.alerts:
        if alert.metric in _CONCEPT:
            told = f"scores of version {alert.version} no longer mean what they did: labels say otherwise"
            yield Suspect("concept", alert.version, 33.0, told)


def _scores(evidence: Evidence, version: str) -> Iterator[Suspect]:
    """Scores that are not the model's: no column explains them, for the model was given these."""
    found = evidence.oddity("score_mismatch_share", version)
    if found is not None and found.distance > _ODD and found.value - found.usual > _SHARE:
        told = f"{found.value:.0%} of the scores are not those of the registered model, on {found.day}"
        yield Suspect("output", "", 120.0 + 100 * found.value, f"{told}, usually {found.usual:.0%}")


def _service(incident: Incident, evidence: Evidence, version: str) -> Iterator[Suspect]:
    for metric, weight in (("volume", 32.0), ("error_share", 12.0), ("latency_p95", 10.0)):
        found = evidence.oddity(metric, version)
        if found is not None and abs(found.distance) > _ODD:
            kind = "traffic" if metric == "volume" else "service"
            own = 0.0 if _about_values(incident) else 100.0
            yield Suspect(kind, "", weight + own, _told(metric, found))


def _components(incident: Incident, evidence: Evidence) -> Iterator[Suspect]:
    """Components of the system that are not as usual: what began first is the likeliest of them."""
    of_requests = any(map(_of_component, incident.alerts)) or not _about_values(incident)
    for place, each in enumerate(began(evidence)):
        weight = (300.0 if of_requests else 51.0) + each.part - place
        yield Suspect("component", each.component, weight, each.told)


def _about_values(incident: Incident) -> bool:
    """Whether columns can explain the incident: it is about values, or what a model made of them."""
    known = definitions()
    families = {known[each.metric].family for each in incident.alerts if each.metric in known}
    columns = [each for each in incident.alerts if each.column and not _of_component(each)]
    return not families or bool(columns) or bool(families & _OF_VALUES)


def _of_component(alert: Alert) -> bool:
    known = definitions().get(alert.metric)
    return known is not None and known.about == "component"


def _columns(
    incident: Incident,
    evidence: Evidence,
    version: str,
    words: Mapping[str, str],
    outputs: Collection[str],
) -> Iterator[Suspect]:
    for name, told in words.items():
        # what a night has found to have moved is known however few nights there were before
        yield _moved(name, f"{name}: {told}", 0.0, outputs)
    since = evidence.begins if any(each.window > 1 for each in incident.alerts) else evidence.since
    alerted = {each.column for each in incident.alerts if each.column}
    aside = 0.0 if _about_values(incident) else -_MOVED_WEIGHT
    for name in evidence.columns("psi", version):
        own = aside + _OWN * (name in alerted)
        missing = evidence.oddity("missing_share", version, column=name)
        lost = missing is not None and missing.value - missing.usual > _SHARE
        if missing is not None and missing.distance > _ODD and lost:
            told = f"{name}: {missing.value:.1%} missing on {missing.day}, usually {missing.usual:.1%}"
            # a few per cent explain less than what moved, a burst explains it
            yield Suspect("missing", name, own + 45.0 + 150 * (missing.value - missing.usual), told)
        psi = evidence.oddity("psi", version, column=name)
        sure = evidence.against_days(version, name, since)
        beyond = sure is not None and sure >= _SURE
        if psi is None or not (beyond or (psi.distance > _ODD and psi.value > _MOVED)):
            continue
        # without explanations every column counts alike
        weight = min(psi.value, 5.0) * (0.5 + (evidence.latest("shap_share", version, name) or 0.0))
        if sure is not None:
            # that days differ by as much anyway is known: what they do is not what began
            weight += 10.0 * min(sure, _SUREST) if beyond else -_AS_DAYS_DO
        told = f"{name}: {words[name]}" if name in words else f"{name} moved: {_told('psi', psi)}"
        yield _moved(name, told, own + weight, outputs)


def _moved(name: str, told: str, weight: float, outputs: Collection[str]) -> Suspect:
    """A column that moved; what the model puts out explains less, and is one."""
    if name in outputs:
        return Suspect("output", "", 20.0 + weight, told)
    return Suspect("column", name, _MOVED_WEIGHT + weight, told)


def _labels(evidence: Evidence, version: str) -> Iterator[Suspect]:
    for metric in ("positive_share", "mean_target"):
        found = evidence.oddity(metric, version)
        if found is not None and abs(found.distance) > _ODD:
            yield Suspect("labels", "", 35.0, f"the truth itself changed: {_told(metric, found)}")
    coverage = evidence.oddity("label_coverage", version)
    if coverage is not None and coverage.distance < -_ODD:
        yield Suspect("labels", "", 30.0, _told("label_coverage", coverage))


def _segments(incident: Incident, evidence: Evidence, version: str) -> Iterator[Suspect]:
    """Cells that explain more of a change of quality than their share of the rows."""
    for metric in dict.fromkeys(alert.metric for alert in incident.alerts):
        known = definitions().get(metric)
        whole = (
            evidence.oddity(metric, version) if known is not None and known.family == "performance" else None
        )
        if whole is None or abs(whole.distance) <= _ODD or not whole.rows:
            continue
        for cell in evidence.segments(metric, version):
            found = evidence.oddity(metric, version, cell)
            if found is None or found.day != whole.day or abs(found.distance) <= _ODD:
                continue
            rows = found.rows / whole.rows
            explained = rows * (found.value - found.usual) / (whole.value - whole.usual)
            if rows < 1 / _CONCENTRATED and explained > _CONCENTRATED * rows:
                told = f"{cell}, {rows:.0%} of the rows, explains {min(explained, 1.0):.0%} of it"
                told += f": {_told(metric, found)}"
                yield Suspect("segment", cell, 40.0 + 5 * explained, told)


def _told(metric: str, found: Oddity) -> str:
    noun = definitions()[metric].in_a_sentence
    return f"{noun} {found.value:.3g} on {found.day}, usually {found.usual:.3g}"
