"""`obs check`: whether monitors are right, and whether what they name is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli import label_sample, reach
from jobs.cli.check_baseline import look_at_baseline
from jobs.cli.check_components import look_at_components
from jobs.cli.check_log import look_at_log, unlisted
from jobs.cli.choice import require
from jobs.cli.completion import complete_model
from jobs.cli.failure import FAILED
from jobs.cli.findings import Finding, print_findings
from jobs.cli.next_step import next_step
from jobs.cli.records import Format, FormatOption
from jobs.cli.routes import readable_routes
from obs_dagster.errors import ObsError

if TYPE_CHECKING:
    from obs_dagster.monitor import Labels, Monitor
    from obs_dagster.settings import Settings


def check(
    monitors: Annotated[
        list[str] | None,
        typer.Argument(
            help="Models or monitor files; left out: every monitor.",
            metavar="[MONITOR]...",
            autocompletion=complete_model,
        ),
    ] = None,
    chosen: FormatOption = Format.TABLE,
) -> None:
    """Check monitor files (every mistake at once, exit code 2), then their sources, registry and routes."""
    from obs_dagster.settings import Settings

    settings = Settings()
    findings = [reach.history(settings), reach.mlflow(settings)]
    for monitor in _chosen(settings, monitors or []):
        findings += inspect(monitor, settings)
    if print_findings(findings, chosen):
        raise typer.Exit(FAILED)


def _chosen(settings: Settings, names: list[str]) -> list[Monitor]:
    from obs_dagster.catalogue import monitor_of, monitors_of
    from obs_dagster.monitor import MonitorError, Problem

    files = [Path(name) for name in names if Path(name).suffix in (".yaml", ".yml")]
    found: list[Monitor] = []
    problems: list[Problem] = []
    for file in files:
        try:
            found.append(monitor_of(file))
        except MonitorError as error:
            problems += error.problems
    models = [name for name in names if Path(name) not in files]
    if models or not names:
        try:
            known = monitors_of(settings.monitors)
        except MonitorError as error:
            problems += error.problems
        else:
            for name in models:
                require(name, known, f"model in {settings.monitors.absolute()}")
            found += [known[name] for name in models or known]
    if problems:
        raise MonitorError(problems)
    return found


def inspect(monitor: Monitor, settings: Settings) -> Iterator[Finding]:
    """Look at what a monitor names: its log, labels, baseline, spans, registry and routes."""
    rules = "1 rule" if len(monitor.alerts) == 1 else f"{len(monitor.alerts)} rules"
    yield Finding(monitor.model, "monitor", "ok", f"{rules}, from {monitor.start} on")
    yield from _rules(monitor)
    log = look_at_log(monitor)
    yield from log.findings
    if monitor.labels:
        yield _labels(monitor, monitor.labels)
    else:
        yield Finding(monitor.model, "labels", "warn", "none: whether the model is right is not known")
    if monitor.fairness.cuts_apart:
        yield _attributes(monitor)
    yield from look_at_baseline(monitor, log.versions)
    yield from look_at_components(monitor)
    if monitor.registry:
        yield _registry(monitor, settings, monitor.registry.name)
    yield from readable_routes(monitor)


def _rules(monitor: Monitor) -> Iterator[Finding]:
    """The default rules that the monitor has; its own stand in its file."""
    from obs_dagster.metrics.default_rules import default_rules

    given = [rule for rule in default_rules(monitor) if rule in monitor.alerts]
    for rule in given:
        yield Finding(monitor.model, "default", "ok", f"{rule.name}: {rule.condition}")
    if not monitor.alerts:
        told = "none: people are told of days that were not evaluated, and of nothing else"
        yield Finding(monitor.model, "rules", "warn", told)


def _labels(monitor: Monitor, labels: Labels) -> Finding:
    from obs_dagster.sources.protocol import source_of

    if not source_of(labels).of_files:
        found = Finding(monitor.model, "labels", "ok", unlisted(labels))
        # of rows that stay where they are not even a few are fetched for a look
        return found if monitor.engine.rows_stay else label_sample.labels(monitor, found)
    return label_sample.labels(monitor, _files(monitor, labels))


def _files(monitor: Monitor, labels: Labels) -> Finding:
    from obs_dagster.sources.files import SourceFiles, connect
    from obs_dagster.sources.reading import reading_of_labels

    what = "labels"
    try:
        pattern = monitor.resolve_path(labels.path)
        source = SourceFiles.find(labels.source, pattern, reading_of_labels(monitor, labels))
        if not source.files:
            detail = f"no files yet ({next_step(source.pattern)}): {source.pattern}"
            return Finding(monitor.model, what, "warn", detail)
        with connect() as connection:
            # the latest file is the one that tonight's will look like
            columns = source.only(source.files[-1:]).relation(connection).columns
    except ObsError as error:
        return Finding(monitor.model, what, "fail", str(error))
    detail = f"{len(source.files)} files, {len(columns)} columns: {source.pattern}"
    return Finding(monitor.model, what, "ok", detail)


def _attributes(monitor: Monitor) -> Finding:
    """Attributes of people that are held apart: whether their files are there, and have the columns."""
    from obs_dagster.sources.held_apart import Attributes, in_memory

    what = "attributes"
    try:
        found = Attributes.of(monitor)
        pattern, files = found.source.pattern, len(found.source.files)
        if not files:
            return Finding(monitor.model, what, "warn", f"no files yet, so no group is known: {pattern}")
        with in_memory() as connection:
            found.rows(connection)
    except ObsError as error:
        return Finding(monitor.model, what, "fail", str(error))
    number = f"{files} file{'s' * (files != 1)}"
    return Finding(monitor.model, what, "ok", f"{', '.join(found.keys.columns)} in {number}: {pattern}")


def _registry(monitor: Monitor, settings: Settings, name: str) -> Finding:
    try:
        versions = reach.registered_versions(settings, name)
    except ObsError as error:
        return Finding(monitor.model, "registry", "fail", str(error))
    if not versions:
        return Finding(monitor.model, "registry", "warn", f"no version of {name} is registered")
    return Finding(monitor.model, "registry", "ok", f"{name}, versions {', '.join(versions)}")
