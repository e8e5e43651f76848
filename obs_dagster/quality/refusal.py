"""Why a day is not evaluated: a line of fact, and a line of cause with rule, rows and an example value."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from obs_dagster.figures import given_percent, percent, told_apart
from obs_dagster.monitor.day_form import Period, period
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.placeholders import ANY
from obs_dagster.monitor.task import outputs
from obs_dagster.sources.shown_path import shown_path
from obs_dagster.sources.unreadable_log import UNREADABLE

_NAMED = 3
"""Rules, columns and files that a cause names; the rest is counted."""

_KINDS = {
    "BIGINT": "an integer",
    "DOUBLE": "a number",
    "BOOLEAN": "true or false",
    "TIMESTAMPTZ": "a time",
    "FLOAT[]": "a list of numbers",
    "BLOB": "made of bytes",
    "VARCHAR": "plain text",
}


def fact(reason: str) -> str:
    """The first line of a reason: what is wrong."""
    return reason.partition("\n")[0]


def cause(reason: str) -> str:
    """The second line of a reason: by which rule, column or file; empty if there is none."""
    return reason.partition("\n")[2].replace("\n", " ")


def broken(reason: str) -> str:
    r"""What a reason comes down to: the rules that were broken, without the rows of the day; or the fact.

    >>> broken("all 9 rows broke the contract\nid is missing: 9 rows; x is not a number: 1 row, such as 5")
    'id is missing; x is not a number'
    >>> broken("there is no log file\nnothing is at logs/2024-03-04.csv")
    'there is no log file'
    """
    rules = re.findall(r"(?:^|; )([^;]+?): [0-9,]+ rows?", cause(reason))
    return "; ".join(rules) or fact(reason)


def in_one_line(reason: str) -> str:
    r"""Fact and cause as one line.

    >>> in_one_line("all 9 rows broke the contract\nid is missing: 9 rows")
    'all 9 rows broke the contract: id is missing: 9 rows'
    """
    return ": ".join(filter(None, (fact(reason), cause(reason))))


def not_evaluated(day: dt.date | str, reason: str) -> str:
    r"""That a day was not evaluated, and why, in one line.

    >>> not_evaluated(dt.date(2024, 3, 4), "there is no log file\nnothing is at logs/2024-03-04.csv")
    '2024-03-04 was NOT EVALUATED: there is no log file: nothing is at logs/2024-03-04.csv'
    """
    return f"{day} was NOT EVALUATED: {in_one_line(reason)}"


def reason_of(
    monitor: Monitor,
    day: dt.date,
    manifest: Mapping[str, Any],
    *,
    quarantined: int,
    rules: Mapping[str, int],
    examples: Mapping[str, str],
) -> str:
    """Why a day is not evaluated; empty if it is.

    Args:
        monitor: declares the contract.
        day: the day.
        manifest: of the day's partition of `inference_logs`.
        quarantined: rows that broke the contract.
        rules: rows per rule that they broke, the most first.
        examples: a value that broke the rule, where there is one.
    """
    rows = manifest["rows"]
    if unreadable := manifest.get("unreadable", ""):
        return f"{UNREADABLE}\n{unreadable}"
    if not rows:
        return _no_rows(monitor, day, manifest)
    if incomplete := manifest.get("incomplete", ""):
        return str(incomplete)
    if lost := [name for name in indispensable(monitor) if name in missing(manifest)]:
        return _lost(lost, manifest)
    tolerated = monitor.quality.max_quarantined_share
    read = rows + manifest["duplicates"]
    broken = quarantined / read
    # a day whose rows are all in quarantine has nothing left to evaluate, whatever is tolerated
    if broken <= tolerated and quarantined < rows:
        return ""
    share = told_apart(broken, tolerated, percent(broken), scale=100.0, unit=" %")
    broke = f"all {rows:,} rows" if quarantined == rows else f"{quarantined:,} of {read:,} rows ({share})"
    left = f"{given_percent(tolerated)} are tolerated"
    if broken <= tolerated:
        left = "none is left to evaluate"
    told = f"{broke} broke the contract, and {left}"
    return f"{told}\n{_broken(rules, examples)}{_zone_hint(monitor, day, rules, quarantined)}"


def missing(manifest: Mapping[str, Any]) -> list[str]:
    """Declared columns that the source did not have."""
    return [change["column"] for change in manifest["schema_changes"] if change["kind"] == "missing"]


def indispensable(monitor: Monitor) -> list[str]:
    """The columns without which rows cannot be evaluated at all."""
    roles = monitor.logs.columns
    needed = [
        name
        for each in outputs(monitor)
        if each.required
        for name in (each.derived.needs if each.derived else (each.column,))
    ]
    return list(dict.fromkeys([roles.prediction_id, roles.time, roles.version, *needed]))


def similar(name: str, columns: Sequence[str]) -> str:
    """The column that somebody may have meant by a name; empty if none is like it.

    >>> similar("amount", ["id", "Amount"]), similar("score", ["scores", "id"]), similar("score", ["id"])
    ('Amount', 'scores', '')
    """
    same = [each for each in columns if each.strip().casefold() == name.strip().casefold()]
    return next(iter([*same, *difflib.get_close_matches(name, columns, n=1, cutoff=0.75)]), "")


def _no_rows(monitor: Monitor, day: dt.date, manifest: Mapping[str, Any]) -> str:
    files = manifest["files"]
    if monitor.logs.table is not None:
        return f"the log has no rows\nthe table {monitor.logs.table} has none of {day} ({monitor.time_zone})"
    if not files and period(monitor.logs.path) < Period.DAY:
        there = f"; {manifest['elsewhere']}" if manifest.get("elsewhere") else ""
        return f"the log has no rows\n{monitor.logs.path} has none of {day} ({monitor.time_zone}){there}"
    if not files:
        place = monitor.resolve_path(monitor.logs.path, day=str(day), version=ANY)
        return f"there is no log file\nnothing is at {shown_path(place)}"
    names = [each["name"] if isinstance(each, Mapping) else str(each) for each in files]
    return f"the log has no rows\n{_listed(names)} {'is' if len(names) == 1 else 'are'} empty"


def _lost(lost: Sequence[str], manifest: Mapping[str, Any]) -> str:
    new = [change["column"] for change in manifest["schema_changes"] if change["kind"] == "new"]
    meant = [f"{name} may be {like}" for name in lost if (like := similar(name, new))]
    if new:
        meant.append(f"columns that are not declared: {_listed(new)}")
    rows = f"none of the {manifest['rows']:,} rows can be evaluated without"
    return f"the log has no column {', '.join(lost)}\n{'; '.join([rows, *meant])}"


def _broken(rules: Mapping[str, int], examples: Mapping[str, str]) -> str:
    told = []
    for rule, rows in list(rules.items())[:_NAMED]:
        example = f", such as {examples[rule]}" if examples.get(rule) else ""
        told.append(f"{rule}: {rows:,} row{'s' * (rows != 1)}{example}")
    more = len(rules) - _NAMED
    if more > 0:
        told.append(f"{more} more rule{'s' * (more > 1)}")
    return "; ".join(told)


def _zone_hint(monitor: Monitor, day: dt.date, rules: Mapping[str, int], quarantined: int) -> str:
    """What is behind rows of two days in files of one, as a rule."""
    if 2 * rules.get(outside(monitor, day), 0) < quarantined or monitor.logs.day_of == "time":
        return ""
    return (
        f"; if the day of a file is not the monitor's ({monitor.time_zone}), correct time_zone or set "
        "logs.day_of: time"
    )


def outside(monitor: Monitor, day: dt.date) -> str:
    """The rule that rows of another day break."""
    return f"{monitor.logs.columns.time} is outside {day} ({monitor.time_zone})"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def type_in_words(kind: str) -> str:
    """What values of a SQL type are.

    >>> type_in_words("DOUBLE")
    'a number'
    """
    return _KINDS.get(kind, kind)
