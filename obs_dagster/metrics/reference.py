"""The reference of metrics as Markdown: `python -m obs_dagster.metrics.reference > docs/metrics.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition, Family
from obs_dagster.metrics.registry import FAMILIES, metrics

INTRODUCTION = """\
# Metrics

<!-- Written by `python -m obs_dagster.metrics.reference > docs/metrics.md`; edit the definitions instead. -->

A metric is a named number for a model, version, segment, column, day and window. Every record carries the id
of its exact definition, so that a number can be traced to the formula below; a formula that changes gets
a new id.

## How to read a record

**Window.** A metric of window 7 on day D speaks of the seven days that end on D. It is computed from those
days' merged counts, so it equals the same metric over all their rows at once; it is not a mean of daily
values.

**Rows behind the value (`n`).** What the value rests on: for drift the rows of the current window that have a
value, for precision the predicted positives, for recall the positives, and otherwise as the definition says.

**Interval (`low`, `high`).** A 95 % confidence interval: were the same day drawn again and again, 95 of 100
such intervals would hold the true value. By default an alert rule counts a night as a breach only if the
whole interval lies beyond the threshold, so that few rows make no false alarm. How each interval is made
stands with its metric:

- Shares have *Wilson* intervals, which hold for few rows and for shares near 0 and 1.
- Drift statistics have *bootstrap* intervals: the counts of baseline and current window are both redrawn 300
  times, from a seed that belongs to the subject and the day, so that a night that runs twice gives the same
  interval. Two samples of one distribution never look quite equal, which pushes every such statistic up; the
  interval knows by how much. It is about the true distance: the value is what the sample shows, and often
  lies in the upper part of it. An interval that reaches down to 0 says that the rows do not prove any drift.
  Distances (Kolmogorov-Smirnov, Wasserstein, L-infinity, calibration error) give the noise its full
  length in any direction, by the triangle inequality. Divergences (PSI, Jensen-Shannon), which are
  quadratic near 0, hold those true values from which the sample is not further than its noise allows.
- Counts and p-values have none. An empty end of an interval means that so few rows cannot bound that side.

**Binning error (`error`).** Values come from counts, not from rows. Where a column is counted by value, where
the sums are exact, and where the definition itself speaks of bins, the value is exact and the error 0.
Elsewhere `error` is the largest possible deviation from the value that the rows would have given.

**Bins of drift statistics.** A numeric column is compared on the deciles of its baseline, whose edges are
rounded to the profile's grid. The error says how much the exact edges could change, however the rows lie
within the bins of the profile that these would divide; the interval is widened by it. A value that holds a
tenth of the baseline or more is a bin of its own, so there can be more or fewer than ten. Values beyond the
baseline's range fall into the outer bins. A number that differs from one counted by value by no more than a
32-bit float can (8 units in its last place) counts as it: 0.1 stored in 32 bits, or added up, is 0.1. Missing
values are no bin: they have metrics of their own, `missing_share` and `missing_drift`.

**Categories.** A categorical column has one bin per value, also for values that the baseline does not have.
Of a column with more than 10,000 values in a day (1,000 in a segment cell) the most frequent ones are
counted; no other value has more than a ten-thousandth of the rows, below which PSI does not tell a share from
none. What the others could change in a statistic is its `error`; `chi_square` has no value then.

**Scores.** A bin of the score whose rows all have one score is that score, so scores of few values (rounded
ones, 0 and 1) are compared and ranked exactly.

**Rankings.** What is measured down to the top k items is recorded for every cut-off of `ranking.at`, with
`top10` in the record's column (a rule's `classes` names it); and for the first of them as a metric of the
model as a whole, which verdicts, trends and segments show. The rows behind a value are requests.

**Groups of people.** A metric of fairness is about an attribute, which is the record's column: `sex`, or
`sex,age_group` of a crossing. With its value the reason names the groups that lie furthest apart, and those
that have too few rows to be told of.

**No value.** Where a metric cannot be computed the value is empty and `reason` says why; it is never NaN, and
never an alert of the metric itself. Reasons are: `no rows`, `no values` (rows, but all missing), `no
baseline`, `no values in the baseline`, `type changed: …`, `the baseline does not vary`, `no labels`, `no
predictions`, `one class only`, `no positives`, `no predicted positives`, `no positives and no predicted
positives`, `no requests`, `no relevant items`, `no request of two rows`, `one item only`, `no item was
relevant twice`, `no latencies`, `no statuses`, `no explained rows`, `no feature moves the output`, `the log
has no column …`, `too many values to count each of them`, and what a day was refused for. A version or
segment that had rows within the longest window and has none in a shorter one gets records of `no rows` (its
volume is 0); those of a refused day say why, for what was served then is not known.
"""

DEFAULT_RULES = """\
## Default rules

A monitor that says nothing under `alerts`, or `alerts: defaults`, has these rules, as far as it has what
they need: labels, latencies, statuses, a baseline with values of the metric. `alerts: [defaults, {name: …}]`
adds rules to them; one of the same name takes the place of the default one. `alerts: none` has no rules.
`obs check` lists those that a monitor has.

A night breaches only if the whole interval is beyond the threshold. Windows of a week are judged once they
are full, so the first days of a version are no alarm. *Usual* is the median of the same weekday in the four
weeks before, of at least two of them; what stays changed is usual after two weeks. Thresholds are chosen such
that ordinary weeks are quiet, on real flights with the weather of a year, while what is severe fires within a
day or two. What moves less is told in the verdict.
"""

HEADINGS: dict[Family, str] = {
    "quality": "Data quality",
    "books": "The books of the log",
    "labels": "The books of the labels",
    "drift": "Drift",
    "multivariate": "Several columns at once",
    "performance": "Performance",
    "estimate": "Performance before labels",
    "fairness": "Fairness",
    "champion": "Beside the champion",
    "service": "Service health",
    "components": "Components of the system",
    "explanation": "Explanations",
    "anomaly": "Anomalies",
    "operation": "Operation",
}


def reference_markdown() -> str:
    """The reference of all registered metrics as Markdown."""
    parts = [INTRODUCTION, DEFAULT_RULES, *_default_rules()]
    for name in FAMILIES:
        known = [metric.definition for metric in metrics() if metric.definition.family == name]
        for tasks in dict.fromkeys(definition.tasks for definition in known):
            of_tasks = f": {', '.join(tasks).replace('_', ' ')}" if tasks else ""
            parts.append(f"## {HEADINGS[name]}{of_tasks}\n")
            parts.extend(_entry(each) for each in known if each.tasks == tasks)
    return "\n".join(parts)


def _default_rules() -> Iterator[str]:
    """A table of the default rules, and below it why each has its threshold."""
    watched = [(metric.definition, rule) for metric in metrics() for rule in metric.definition.watched]
    head = "| rule | watches | fires | severity | of |\n| --- | --- | --- | --- | --- |\n"
    yield head + "".join(_watched(definition, rule) for definition, rule in watched)
    yield "\n".join(f"- `{rule.name}`: {rule.why}" for _, rule in watched) + "\n"


_COLUMNS = {
    "every": "every column that has it",
    "numeric": "every numeric feature",
    "categories": "every other feature",
    "leading": "what the model puts out first",
    "unlike": "what says how unlike the baseline texts and vectors are",
}


def _watched(definition: Definition, rule: DefaultRule) -> str:
    window = f" over {rule.window} days" if rule.window > 1 else ""
    of = f" of {_COLUMNS[rule.columns]}" if definition.about == "column" else ""
    nights = f", {rule.for_nights} nights in a row" if rule.for_nights > 1 else ""
    rows = f", of at least {rule.min_rows:,} rows" if rule.min_rows > 1 else ""
    settled = ", once labels are complete" if rule.settled else ""
    tasks = ", ".join(definition.tasks).replace("_", " ") or "every task"
    staying = ", unless the baseline moves along" if rule.staying else ""
    beyond = ", beyond how days differ" if rule.beyond_days else ""
    fires = f"{rule.threshold}{beyond}{nights}{rows}{settled}{staying}"
    return f"| `{rule.name}` | `{definition.name}`{of}{window} | {fires} | {rule.severity} | {tasks} |\n"


def _entry(definition: Definition) -> str:
    facts = [
        ("Definition", f"`{definition.id}`"),
        ("Formula", definition.formula),
        ("Same as", definition.reference),
        ("Interval", definition.interval),
        ("Unit", definition.unit),
        ("Better", definition.better),
        ("Needs", ", ".join(f"`{need}`" for need in definition.needs)),
        ("Computed", _computed(definition)),
        ("Watched by default", ", ".join(f"`{rule.name}`" for rule in definition.watched)),
    ]
    lines = [f"- {label}: {text}" for label, text in facts if text]
    return "\n".join(
        [f"### `{definition.name}`", "", f"{definition.title}. {definition.meaning}", "", *lines, ""]
    )


def _computed(definition: Definition) -> str:
    """For which versions, columns, segment cells and windows there is a value, in words."""
    of = {
        "model": "version",
        "column": "version and column",
        "class": "version and class",
        "component": "version and component",
    }
    cells = {
        "every": ", over all rows and in every segment cell",
        "outputs": ", over all rows; in segment cells of the model's score, and where a rule asks for it",
        "none": "; in segment cells where a rule asks for it" if definition.family == "drift" else "",
    }
    whole = "per component, of all versions" if definition.about == "component" else "for the whole log"
    whole += " together, and of each" if definition.by_version else ""
    subject = whole if definition.whole_log else f"per {of[definition.about]}"
    asked = f", where a rule watches one of the {definition.asked_with}" if definition.asked_with else ""
    return f"{subject}{cells[definition.cells]}{', for each day alone' if definition.daily else ''}{asked}"


if __name__ == "__main__":
    sys.stdout.write(reference_markdown())
