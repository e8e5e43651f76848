"""Loads monitor files: each either wholly, or not at all with every mistake named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from obs_dagster.monitor.alerting import Rule, budget_of, wants_defaults
from obs_dagster.monitor.checks import CHECKS, Surroundings, Watched
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.paths import with_variables
from obs_dagster.monitor.placeholders import environment
from obs_dagster.monitor.problem import MonitorError, Problem, quoted
from obs_dagster.monitor.validation import validate
from obs_dagster.monitor.waiting import with_waiting
from obs_dagster.monitor.yaml_reader import read_document

_MOST_PROBLEMS = 500

DefaultRules = Callable[[Monitor], Sequence[Rule]]
"""The rules that a monitor has where its file asks for the default ones."""


def _no_rules(_: Monitor) -> Sequence[Rule]:
    return ()


def load_monitor(
    path: Path,
    *,
    metrics: Mapping[str, Watched],
    environ: Mapping[str, str] | None = None,
    defaults: DefaultRules = _no_rules,
) -> Monitor:
    """Load one monitor file.

    `${NAME}` in its paths is filled in from the environment; in the URLs of routes it stays, because it
    stands for a secret (see `Route.resolve`).

    Args:
        path: the YAML file.
        metrics: the metrics that rules may watch, by name.
        environ: the environment variables; left out: the process's.
        defaults: the default rules.

    Raises:
        MonitorError: with every mistake in the file.
    """
    inspection = _inspect(Path(path), Surroundings(environment(environ), metrics), defaults)
    if inspection.monitor is None:
        raise MonitorError(inspection.problems)
    return inspection.monitor


def load_monitors(
    folder: Path,
    *,
    metrics: Mapping[str, Watched],
    environ: Mapping[str, str] | None = None,
    defaults: DefaultRules = _no_rules,
    models: Collection[str] | None = None,
) -> dict[str, Monitor]:
    """Load every `*.yaml` and `*.yml` of a folder (hidden files apart), by model, in the order of the names.

    Args:
        folder: the folder of the monitor files.
        metrics: as for `load_monitor`.
        environ: as for `load_monitor`.
        defaults: as for `load_monitor`.
        models: whose monitors are wanted; left out: all.

    Raises:
        MonitorError: with every mistake in every file that may be of these models; also where two files
            describe the same model.
    """
    found = load_readable(folder, metrics=metrics, environ=environ, defaults=defaults, models=models)
    if found.faulty:
        raise MonitorError(problem for each in found.faulty for problem in each.problems)
    return dict(found.monitors)


@dataclass(frozen=True, slots=True)
class Faulty:
    """A model whose monitor cannot be used: its file is wrong, or several files describe it.

    Attributes:
        model: whose monitor it is, or the file's name where that cannot be read.
        problems: every mistake.
    """

    model: str
    problems: tuple[Problem, ...]

    @property
    def why(self) -> str:
        """The first mistake, and how many more there are, in a few words."""
        first, *others = sorted(self.problems, key=lambda problem: problem.order)
        place = f"{first.file.name}:{first.line}" if first.line else first.file.name
        told = f"{first.key}: {first.message}" if first.key else first.message
        return f"{place}: {told}{f' ({len(others)} more)' if others else ''}"


@dataclass(frozen=True, slots=True)
class Readable:
    """The monitors of a folder that can be used, by model, and the files that cannot."""

    monitors: Mapping[str, Monitor]
    faulty: tuple[Faulty, ...] = ()


def load_readable(
    folder: Path,
    *,
    metrics: Mapping[str, Watched],
    environ: Mapping[str, str] | None = None,
    defaults: DefaultRules = _no_rules,
    models: Collection[str] | None = None,
) -> Readable:
    """The same, but a file that is wrong does not keep the others from being used.

    Of a model that two files describe, no monitor is used: nobody knows which is meant.

    Raises:
        MonitorError: the folder itself cannot be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise MonitorError([Problem(folder, 0, 0, "", "The folder of the monitors does not exist.")])
    try:
        files = sorted(file for file in folder.iterdir() if _is_monitor_file(file))
    except OSError as error:
        message = f"The folder cannot be read: {error.strerror}."
        raise MonitorError([Problem(folder, 0, 0, "", message)]) from error
    surroundings = Surroundings(environment(environ), metrics)
    if models is not None:
        files = [file for file in files if _names(file, models)]
    inspections = {file: _inspect(file, surroundings, defaults) for file in files}
    if models is not None:
        inspections = {
            file: each for file, each in inspections.items() if each.model is None or each.model in models
        }
    twice = list(_models_described_twice(inspections.values()))
    problems_of: dict[str, list[Problem]] = {}
    for file, each in inspections.items():
        problems = (*each.problems, *(problem for problem in twice if problem.file == file))
        if problems:
            problems_of.setdefault(each.model or file.stem, []).extend(problems)
    monitors = (each.monitor for each in inspections.values() if each.monitor is not None)
    usable = {monitor.model: monitor for monitor in monitors if monitor.model not in problems_of}
    faulty = (Faulty(model, tuple(problems)) for model, problems in problems_of.items())
    return Readable(dict(sorted(usable.items())), tuple(faulty))


@dataclass(frozen=True, slots=True)
class _Inspection:
    """What came of one file: a monitor or problems; the document, if it could be read at all."""

    document: Document | None
    monitor: Monitor | None
    problems: tuple[Problem, ...]

    @property
    def model(self) -> str | None:
        """The model that the file is about, if that can be read."""
        return None if self.document is None else self.document.text("model")


def _inspect(file: Path, surroundings: Surroundings, defaults: DefaultRules) -> _Inspection:
    try:
        document = read_document(file)
    except MonitorError as error:
        return _Inspection(None, None, error.problems)
    monitor, mistyped = validate(document, with_variables(document, surroundings.environ))
    checked = chain.from_iterable(check(document, surroundings) for check in CHECKS)
    found = list(islice(chain(document.problems, mistyped, checked), _MOST_PROBLEMS + 1))
    if len(found) > _MOST_PROBLEMS:
        message = f"There are more than {_MOST_PROBLEMS} problems; the rest is not shown."
        found[-1] = Problem(file, 0, 0, "", message)
    if found or monitor is None:
        return _Inspection(document, None, tuple(found))
    if wants_defaults(document.value("alerts")):
        monitor = _watched(monitor, defaults(monitor), budget_of(document.value("alerts")))
    return _Inspection(document, with_waiting(monitor, surroundings.metrics), ())


def _watched(monitor: Monitor, defaults: Sequence[Rule], budget: str | None) -> Monitor:
    """The monitor with its own rules, and the default ones whose names these have not taken."""
    taken = {rule.name for rule in monitor.alerts}
    added = [rule for rule in defaults if rule.name not in taken]
    rules = (*monitor.alerts, *(rule.within(budget) if budget else rule for rule in added))
    return monitor.model_copy(update={"alerts": rules})


def _models_described_twice(inspections: Iterable[_Inspection]) -> Iterator[Problem]:
    first: dict[str, Document] = {}
    for inspection in inspections:
        document, model = inspection.document, inspection.model
        if document is None or model is None:
            continue
        other = first.setdefault(model, document)
        if other is not document:
            message = f"The model {quoted(model)} is already described by {other.file}; one file a model."
            yield document.problem(("model",), message)


def _names(file: Path, models: Collection[str]) -> bool:
    """Whether a file may be the monitor of one of the models: its name is in it, or it cannot be read."""
    try:
        content = file.read_bytes()
    except OSError:
        return True
    return any(model.encode() in content for model in models)


def _is_monitor_file(file: Path) -> bool:
    return file.suffix in (".yaml", ".yml") and not file.name.startswith(".")
