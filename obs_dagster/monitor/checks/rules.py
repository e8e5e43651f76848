"""Alert rules: a known metric that this monitor can compute, a window, and one threshold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from obs_dagster.monitor.alerting import wants_defaults
from obs_dagster.monitor.champion import beside_champion
from obs_dagster.monitor.checks.champion import BESIDE_CHAMPION, against_champion
from obs_dagster.monitor.checks.check import Surroundings, Watched
from obs_dagster.monitor.checks.outline import conditions, rule_of, rules, windows
from obs_dagster.monitor.condition import Condition
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.escalation import SEVERITIES
from obs_dagster.monitor.model import DEFAULT_TASK, Monitor
from obs_dagster.monitor.problem import MOST_NAMES, Keys, Problem, dotted, nearest, quoted
from obs_dagster.monitor.threshold import RATES, SPELLED, Threshold, alarms_a_year

_ABOUT = {
    "model": "the model as a whole",
    "column": "a column",
    "class": "a class",
    "component": "a component of the system",
}
#: The families whose metrics are computed on the baseline too, where a rule asks for it.
_ON_BASELINE = ("performance", "estimate", "service", "components")
#: What narrows a rule down, what its metric must be about for that, and what it names.
_NARROWED = (
    ("columns", "column", "column"),
    ("classes", "class", "class"),
    ("components", "component", "component"),
)


def rule_names_are_distinct(document: Document, _: Surroundings) -> Iterator[Problem]:
    """Every rule has a name of its own."""
    taken: dict[str, Keys] = {}
    for keys in rules(document):
        name = document.text(*keys, "name")
        if name is None:
            continue
        if name in taken:
            message = f"The rule {dotted(taken[name])} already has the name {quoted(name)}."
            yield document.problem((*keys, "name"), message)
        taken.setdefault(name, keys)


def inhibited_rules_are_known(document: Document, _: Surroundings) -> Iterator[Problem]:
    """What a rule `inhibits` are rules of the monitor; names of default rules are not known here."""
    if wants_defaults(document.value("alerts")):
        return
    names = [document.text(*rule, "name") for rule in rules(document)]
    for rule in rules(document):
        for place in range(len(document.items(*rule, "inhibits"))):
            keys = (*rule, "inhibits", place)
            pattern = document.text(*keys)
            if pattern and not any(name and fnmatchcase(name, pattern) for name in names):
                legal = sorted(name for name in names if name)
                message = f"No rule is called {quoted(pattern)}."
                yield document.problem(keys, message, legal=legal, near=pattern)


def metrics_are_known(document: Document, surroundings: Surroundings) -> Iterator[Problem]:
    """A rule's `metric` is one that docs/metrics.md lists."""
    for keys in conditions(document):
        metric = document.text(*keys, "metric")
        if metric is None and (document.mapping(*keys) or {}).get("metric") is None:
            if document.mapping(*keys) is not None:
                message = "It needs a `metric`, or conditions that have one under `all` or `any`."
                yield document.problem(keys, message)
        elif metric is not None and metric not in surroundings.metrics:
            known = sorted(surroundings.metrics)
            message, place = f"{quoted(metric)} is not a known metric", (*keys, "metric")
            if len(known) <= MOST_NAMES:
                yield document.problem(place, f"{message}.", legal=known, near=metric)
            else:
                message = f"{message}; docs/metrics.md has all of them."
                yield document.problem(place, message, meant=nearest(metric, known))


def metrics_fit_the_task(document: Document, surroundings: Surroundings) -> Iterator[Problem]:
    """A rule's `metric` is one that models of this task have."""
    task = document.text("task") or DEFAULT_TASK
    for keys, metric in _watched(document, surroundings):
        # what is compared with the champion's names the metrics that are
        if metric.tasks and task not in metric.tasks and not against_champion(document, keys):
            message = f"The metric `{metric.name}` is one of {', '.join(metric.tasks)}, not of {task}."
            yield document.problem((*keys, "metric"), message)


def metrics_have_their_input(document: Document, surroundings: Surroundings) -> Iterator[Problem]:
    """Rules need what their metric is made from: `labels`, `registry`, the log's latency or status."""
    for keys, metric in _watched(document, surroundings):
        for needed in metric.needs:
            *above, _ = path = needed.split(".")
            # of what every monitor has to have, another problem names what is not there
            optional = not Monitor.model_fields[path[0]].is_required()
            placed = optional or not above or document.mapping(*above) is not None
            if placed and document.value(*path) is None:
                message = f"The metric `{metric.name}` needs `{needed}`, which this monitor does not have."
                yield document.problem((*keys, "metric"), message)


def subjects_fit_the_metric(document: Document, surroundings: Surroundings) -> Iterator[Problem]:
    """A rule narrows what its metric is about: `columns`, `classes`, `components`, `versions`, `segments`."""
    for keys, metric in _watched(document, surroundings):
        for key, about, told in _NARROWED:
            if metric.about != about and document.value(*keys, key) is not None:
                message = f"The metric `{metric.name}` is about {_ABOUT[metric.about]}, so no {told} has it."
                yield document.problem((*keys, key), message, at_key=True)
        together = metric.whole_log and not metric.by_version
        if together and document.value(*rule_of(keys), "versions") is not None:
            message = f"The metric `{metric.name}` is about all versions together, so no version has it."
            yield document.problem((*rule_of(keys), "versions"), message, at_key=True)


def cells_have_the_metric(document: Document, surroundings: Surroundings) -> Iterator[Problem]:
    """A rule watches `segments` only where its metric can be computed in segment cells."""
    for keys, metric in _watched(document, surroundings):
        cells = [cell for cell in document.items(*rule_of(keys), "segments") if cell != "*"]
        # drift is computed in all cells that a rule asks for
        if cells and metric.cells == "none" and metric.family != "drift":
            message = f"The metric `{metric.name}` is computed over all rows, not in segment cells."
            yield document.problem((*rule_of(keys), "segments"), message, at_key=True)


def windows_have_the_metric(document: Document, surroundings: Surroundings) -> Iterator[Problem]:
    """A rule on a metric of single days has the `window` 1."""
    for keys, metric in _watched(document, surroundings):
        window = document.value(*keys, "window")
        if metric.daily and type(window) is int and window > 1:
            message = f"The metric `{metric.name}` is computed for each day alone."
            yield document.problem((*keys, "window"), message, legal=["1"])


def _watched(document: Document, surroundings: Surroundings) -> Iterator[tuple[Keys, Watched]]:
    """The place of each condition on a known metric, and the metric as models of this task have it."""
    for keys in conditions(document):
        name = document.text(*keys, "metric")
        if name is not None and against_champion(document, keys):
            name = beside_champion(name)
        if name is not None and name in surroundings.metrics:
            yield keys, surroundings.metrics[name]


def windows_are_evaluated(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A rule's `window` is one of the monitor's `windows`."""
    legal = windows(document)
    for keys in conditions(document):
        window = document.value(*keys, "window")
        if type(window) is int and window >= 1 and legal and window not in legal:
            message = f"The window {window} is not one of the monitor's `windows`."
            yield document.problem((*keys, "window"), message, legal=[str(days) for days in legal])


def thresholds_are_written_well(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A threshold is a number, or follows from another value: `90 % of baseline`, `usual + 4 spreads`."""
    for keys in conditions(document):
        for key in ("above", "below"):
            written = document.text(*keys, key)
            if written is not None:
                try:
                    Threshold.of_written(written)
                except ValueError:
                    message = f"{quoted(written)} is neither a number nor written like {SPELLED}."
                    yield document.problem((*keys, key), message)


def budgets_are_written_well(document: Document, _: Surroundings) -> Iterator[Problem]:
    """The budget of `alerts` is a number of false alarms per year, quarter, month or week: `1 per year`."""
    written = document.text("alerts", "budget")
    if written is not None:
        try:
            alarms_a_year(written)
        except ValueError:
            message = f"{quoted(written)} is not a budget of false alarms, such as {RATES}."
            yield document.problem(("alerts", "budget"), message)


def budgets_have_evidence(document: Document, surroundings: Surroundings) -> Iterator[Problem]:
    """Only evidence, as `drift_evidence`, is held against a `budget`, and is to be `above` it."""
    for keys, metric in _watched(document, surroundings):
        for key in ("above", "below"):
            if _held(document, key, *keys).of != "budget":
                continue
            if not metric.adds_up:
                adding = ", ".join(
                    sorted(name for name, each in surroundings.metrics.items() if each.adds_up)
                )
                message = f"`{metric.name}` is no evidence that adds up over nights; watch {adding}."
                yield document.problem((*keys, key), message)
            elif key == "below":
                message = "Evidence alarms `above` what a budget takes."
                yield document.problem((*keys, key), message, at_key=True)


def baselines_have_the_metric(document: Document, surroundings: Surroundings) -> Iterator[Problem]:
    """Only metrics of performance and service that count nothing can be held against the baseline's value."""
    for keys, metric in _watched(document, surroundings):
        for key in ("above", "below"):
            no_value = metric.family not in _ON_BASELINE or metric.written == "count"
            if no_value and _held(document, key, *keys).of_baseline:
                message = f"The metric `{metric.name}` has no value on the baseline; give a number."
                yield document.problem((*keys, key), message)


def escalations_get_graver(document: Document, _: Surroundings) -> Iterator[Problem]:
    """An escalation is graver than its rule, and has one of `after` and `beyond`; that is written alike."""
    for rule in rules(document):
        first = document.text(*rule, "severity") or "warning"
        graver = SEVERITIES[SEVERITIES.index(first) + 1 :] if first in SEVERITIES else SEVERITIES
        held = [_held(document, key, *rule).of for key in ("above", "below")]
        for place, escalation in enumerate(document.items(*rule, "escalate")):
            if not isinstance(escalation, Mapping):
                continue
            keys = (*rule, "escalate", place)
            if (escalation.get("after") is None) == (escalation.get("beyond") is None):
                yield document.problem(keys, "The escalation needs either `after` or `beyond`.")
            to = document.text(*keys, "to")
            if to in SEVERITIES and to not in graver:
                yield document.problem((*keys, "to"), f"The rule is {first} from the first.", legal=graver)
            if _held(document, "beyond", *keys).of not in held:
                message = (
                    "`beyond` is to be a number, or follow from another value, as the rule's threshold is."
                )
                yield document.problem((*keys, "beyond"), message)


def other_versions_have_the_metric(document: Document, surroundings: Surroundings) -> Iterator[Problem]:
    """Only metrics of a version can be held against those of another: `95 % of version 1`."""
    for keys, metric in _watched(document, surroundings):
        for key in ("above", "below"):
            if metric.whole_log and _held(document, key, *keys).version:
                message = f"The metric `{metric.name}` is about all versions together, so no version has it."
                yield document.problem((*keys, key), message)


def _held(document: Document, key: str, *keys: str | int) -> Threshold:
    """The threshold under a key; a plain number where there is none, or none that can be read."""
    try:
        return Threshold.of_written(document.text(*keys, key) or 0.0)
    except ValueError:
        return Threshold(0.0)


def rules_have_one_threshold(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A rule, or each condition of one, has exactly one of `above` and `below`."""
    for keys in conditions(document):
        rule = document.mapping(*keys)
        if rule is None:
            continue
        found = [key for key in ("above", "below", *BESIDE_CHAMPION) if rule.get(key) is not None]
        if not found:
            yield document.problem(keys, "The rule needs a threshold: `above` or `below`.")
        elif len(found) > 1:
            message = f"The rule has both `{found[0]}` and `{found[1]}`; make it two rules."
            yield document.problem((*keys, found[1]), message, at_key=True)


def conditions_stand_alone(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A rule has either `metric` and a threshold, or conditions under `all`, or under `any`."""
    for keys in rules(document):
        rule = document.mapping(*keys) or {}
        several = [key for key in ("all", "any") if rule.get(key)]
        beside = [key for key in Condition.model_fields if rule.get(key) is not None] if several else []
        for key in [*several[1:], *beside]:
            message = f"The rule has `{several[0]}`: what it watches stands there."
            yield document.problem((*keys, key), message, at_key=True)
