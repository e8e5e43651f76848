"""What a look at the beginning of a log's latest day says: its columns, and what the contract refuses."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from jobs.cli.findings import Finding, Status
from jobs.cli.next_step import next_step
from obs_dagster.errors import ObsError
from obs_dagster.lake.columns import RAW, UNCAST
from obs_dagster.quality.refusal import in_one_line
from obs_dagster.sources.shown_path import shown_path

if TYPE_CHECKING:
    from obs_dagster.monitor import Labels, Logs, Monitor
    from obs_dagster.monitor.problem import Keys
    from obs_dagster.quality.validated import DayQuality
    from obs_dagster.sources.protocol import OfSnapshots

FILES, ROWS = 4, 10_000
"""Files and rows of like files that a look takes."""

_MOST_RULES = 3
#: Days, files and rows of each whose ids are looked at: two columns of them are read.
_DAYS, _ID_FILES, _ID_ROWS = 3, 12, 50_000
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class LogLook:
    """What was seen of a log.

    Attributes:
        findings: one per thing that was looked at.
        versions: the versions that the rows are of; None if no row was seen.
    """

    findings: Sequence[Finding]
    versions: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    """How the beginning of a day met the contract.

    Attributes:
        quality: what validation found.
        empty: features without a value.
        unconverted: columns with values that are not of the declared type, each with one.
    """

    quality: DayQuality
    empty: Sequence[str]
    unconverted: Sequence[str]


def look_at_log(monitor: Monitor) -> LogLook:
    """Look at the files of a log, and at the beginning of its latest day."""
    from obs_dagster.sources.ingest import sampled_days
    from obs_dagster.sources.protocol import OfSnapshots, source_of

    misread: list[Finding] = []
    try:
        source = source_of(monitor.logs)
        if isinstance(source, OfSnapshots):
            return _of_table(monitor, source)
        if not source.of_files:
            return LogLook([Finding(monitor.model, "logs", "ok", unlisted(monitor.logs))])
        misread = _misread(monitor)
        known = source.days(monitor)
        if known is None:
            days: Sequence[dt.date] = sampled_days(monitor, files=FILES, most=ROWS)
            listed = _sampled(monitor, days)
        else:
            days = known.days
            listed = _days(monitor, days, known.others)
        if not days:
            return LogLook([listed])
        look = _looked(monitor, days[-1])
        ids = [*_identity(monitor, days)]
    except ObsError as error:
        return LogLook([Finding(monitor.model, "logs", "fail", str(error)), *misread])
    findings = [listed, _columns(monitor, look.quality), *_empty(monitor, look.empty), *misread, *ids]
    return LogLook([*findings, _contract(monitor, days[-1], look)], sorted(look.quality.versions))


def _of_table(monitor: Monitor, source: OfSnapshots) -> LogLook:
    """What is said of a table that has snapshots: its log tells its days, and the last one is looked at."""
    from obs_dagster.sources.protocol import source_of

    state = source.read_at(monitor, monitor.logs)
    known = source_of(monitor.logs).days(monitor)
    days = known.days if known else ()
    if not days:
        detail = f"no rows yet: {state.table}, snapshot {state}"
        return LogLook([Finding(monitor.model, "logs", "warn", detail)])
    detail = f"rows of {days[0]} to {days[-1]}: {state.table}, snapshot {state}"
    early = days[-1] < monitor.start
    told = f"all before the first day, {monitor.start}: {detail}" if early else detail
    listed = Finding(monitor.model, "logs", "warn" if early else "ok", told)
    look = _looked(monitor, days[-1])
    findings = [listed, _columns(monitor, look.quality), *_empty(monitor, look.empty)]
    return LogLook([*findings, _contract(monitor, days[-1], look)], sorted(look.quality.versions))


def unlisted(section: Logs | Labels) -> str:
    """What is said of a source whose rows only a night reads."""
    from obs_dagster.sources.protocol import source_of

    source = source_of(section)
    return f"{source.asset} {section.table or source.place(section)}, looked at when its night runs"


def _sampled(monitor: Monitor, days: Sequence[dt.date]) -> Finding:
    """What is said of files that have rows of many days, of which the beginning was looked at."""
    from obs_dagster.sources.log_path import LogPath

    pattern = shown_path(LogPath.of(monitor).everywhere)
    if not days:
        return Finding(monitor.model, "logs", "warn", f"no files yet ({next_step(pattern)}): {pattern}")
    seen = f"{days[0]} to {days[-1]}" if len(days) > 1 else str(days[0])
    detail = f"rows go to their day by {monitor.logs.columns.time}; the first ones are of {seen}: {pattern}"
    return Finding(monitor.model, "logs", "ok", detail)


def _days(monitor: Monitor, days: Sequence[dt.date], others: Sequence[str]) -> Finding:
    from obs_dagster.sources.log_path import LogPath

    pattern = shown_path(LogPath.of(monitor).everywhere)
    if others and not days:
        detail = (
            f"no file names a day: {{day}} is written YYYY-MM-DD, and {others[-1]!r} stands in its place. "
            f"Correct logs.path, or give the day its form, as {{day:%Y%m%d}}: {pattern}"
        )
        return Finding(monitor.model, "logs", "fail", detail)
    if not days:
        return Finding(monitor.model, "logs", "warn", f"no files yet ({next_step(pattern)}): {pattern}")
    detail = f"{_number(len(days), 'day')}, {days[0]} to {days[-1]}: {pattern}"
    if days[-1] < monitor.start:
        return Finding(monitor.model, "logs", "warn", f"all before the first day, {monitor.start}: {detail}")
    return Finding(monitor.model, "logs", "ok", detail)


def _looked(monitor: Monitor, day: dt.date) -> _Look:
    from obs_dagster.engine.duckdb import DuckDBEngine
    from obs_dagster.lake.lake import Lake
    from obs_dagster.quality.day import validate_day
    from obs_dagster.quality.validated import QUARANTINE
    from obs_dagster.sources.ingest import LOGS, ingest_some

    with TemporaryDirectory(prefix="obs-check-") as folder:
        lake = Lake(Path(folder))
        ingest_some(monitor, day, lake, files=FILES, most=ROWS)
        quality = validate_day(monitor.model_copy(update={"engine": DuckDBEngine()}), day, lake)
        rows = lake.table(monitor.model, LOGS).read(day)
        broken = lake.table(monitor.model, QUARANTINE).read(day)
    names = [name for name in monitor.inputs if rows.num_rows and name in rows.column_names]
    empty = [name for name in names if rows[name].null_count == rows.num_rows]
    return _Look(
        quality,
        tuple(name for name in empty if name not in quality.missing_columns),
        tuple(_unconverted(broken.select([UNCAST, RAW]).to_pylist())),
    )


def _unconverted(rows: Sequence[Mapping[str, str | None]]) -> Iterator[str]:
    """Each column with a value that was not converted, as its source has it."""
    seen = set()
    for row in rows:
        whole = json.loads(row[RAW] or "{}")
        for name in (row[UNCAST] or "").split(", "):
            if name in whole and name not in seen:
                seen.add(name)
                yield f"{name} {str(whole[name])[:_LONGEST]!r}"


def _columns(monitor: Monitor, quality: DayQuality) -> Finding:
    from obs_dagster.monitor.problem import nearest, quoted

    there = [change["column"] for change in quality.schema_changes if change["kind"] == "new"]
    if missing := quality.missing_columns:
        told = []
        for name in missing:
            meant = next((each for each in there if each.lower() == name.lower()), nearest(name, there))
            told.append(quoted(name) + (f" (there is {quoted(meant)})" if meant else ""))
        detail = f"not in the log: {', '.join(told)}. Correct the monitor or the log"
        return Finding(monitor.model, "columns", "fail", detail)
    retyped = [change["text"] for change in quality.schema_changes if change["kind"] == "retyped"]
    declared = _number(len(monitor.inputs), "feature")
    if retyped:
        return Finding(monitor.model, "columns", "warn", f"{'; '.join(retyped)}; values are converted")
    detail = f"all there, {declared}; {_number(len(there), 'other')} ignored"
    return Finding(monitor.model, "columns", "ok", detail)


def _identity(monitor: Monitor, days: Sequence[dt.date]) -> Iterator[Finding]:
    """What ids name as far as rows tell, and whether the monitor says so."""
    from obs_dagster.monitor.log_labels import DAY_OF_KEY
    from obs_dagster.sources.identity import seen_identity

    seen = seen_identity(monitor, days[-_DAYS:], files=_ID_FILES, most=_ID_ROWS)
    if seen is None:
        return
    keys = monitor.labels.columns.in_log.values() if monitor.labels else ()
    said_otherwise = monitor.labels is None or DAY_OF_KEY in keys
    against = seen.against(monitor.identity, labels_say_day=said_otherwise)
    status: Status = "warn" if against else "ok"
    yield Finding(monitor.model, "ids", status, f"{seen}{'. ' * bool(against)}{against}")


def _misread(monitor: Monitor) -> list[Finding]:
    """What settings make of the beginning of the log that is likely not meant, each with its line."""
    from obs_dagster.sources.files import connect
    from obs_dagster.sources.log_path import LogPath
    from obs_dagster.sources.misread import misreadings

    source = LogPath.of(monitor).files()
    with connect() as connection:
        found = misreadings(connection, monitor, source.only(source.files[-1:]), ROWS)
    return [
        Finding(
            monitor.model,
            "forms",
            "fail" if each.certain else "warn",
            f"{_line(monitor, each.keys)}{each.text}",
        )
        for each in found
    ]


def _line(monitor: Monitor, keys: Keys) -> str:
    """Where a key of the monitor is, or the part that it would be in."""
    from obs_dagster.monitor.yaml_reader import read_document

    if monitor.file is None or not monitor.file.is_file():
        return ""
    document = read_document(monitor.file)
    while keys and document.value(*keys) is None:
        keys = keys[:-1]
    problem = document.problem(keys, "", at_key=True)
    return f"{problem.file.name}:{problem.line}: {problem.key}: "


def _empty(monitor: Monitor, names: Sequence[str]) -> Iterator[Finding]:
    if names:
        detail = f"no row that was looked at has a value of {', '.join(names)}"
        yield Finding(monitor.model, "columns", "warn", detail)


def _contract(monitor: Monitor, day: dt.date, look: _Look) -> Finding:
    quality = look.quality
    seen = f"{_number(quality.rows, 'row')} of {day} looked at"
    if quality.duplicates:
        seen += f", {_number(quality.duplicates, 'other')} with an id that occurs again"
    if not quality.rows:
        return Finding(monitor.model, "contract", "warn", f"{seen}: the day is empty")
    if not quality.evaluated:
        refused = f"{seen}. The day would be refused: {in_one_line(quality.reason)}"
        return Finding(monitor.model, "contract", "fail", refused)
    if not quality.quarantined:
        return Finding(monitor.model, "contract", "ok", f"{seen}, all sound")
    rules = list(quality.broken_rules.items())
    told = "; ".join(
        f"{rule} ({_number(rows, 'row')}{_example(look, rule)})" for rule, rows in rules[:_MOST_RULES]
    )
    more = f"; and {len(rules) - _MOST_RULES} more rules" if len(rules) > _MOST_RULES else ""
    share = f"{quality.quarantined_share:.1%} would be quarantined: {told}{more}"
    return Finding(monitor.model, "contract", "warn", f"{seen}, {share}")


def _example(look: _Look, rule: str) -> str:
    for result in look.quality.results:
        if result["rule"] == rule:
            # of a value that was not converted, the column is known
            examples = look.unconverted if result["column"] == UNCAST else result["examples"]
            return f", such as {examples[0]}" if examples else ""
    return ""


def _number(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
