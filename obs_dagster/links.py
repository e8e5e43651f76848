"""Where people look: how the addresses of Dagster's pages, MLflow's pages and our own are formed.

Nothing else in the project knows that. What a setting does not name has no address, which is an empty text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

_TRAINING = "workflowType=machine_learning"
"""Without it MLflow puts what a visitor opens among the pages about language models."""

TRACE_ID = "{trace_id}"
"""What stands for the id in an address of traces."""

TRACE_PREFIX = "tr-"
"""What MLflow puts in front of a trace's id."""

FLEET_PAGE = "index.html"
"""The file of the page of all models."""


def health_page(model: str, day: dt.date) -> str:
    """The file of a model's health page of a day.

    >>> health_page("flight_delay", dt.date(2013, 7, 21))
    'flight_delay-2013-07-21.html'
    """
    return f"{model}-{day.isoformat()}.html"


def experiment_name(model: str) -> str:
    """The experiment in MLflow that a model's nights are published to."""
    return f"obs/{model}"


def experiment_fragment(experiment: str) -> str:
    """The runs of an experiment, as a link within MLflow's own pages: they work wherever it is served."""
    return f"#/experiments/{_part(experiment)}/runs?{_TRAINING}"


def run_fragment(experiment: str, run: str) -> str:
    """A run, as a link within MLflow's own pages."""
    return f"#/experiments/{_part(experiment)}/runs/{_part(run)}?{_TRAINING}"


def version_fragment(registered: str, version: str) -> str:
    """A version of a registered model, as a link within MLflow's own pages.

    >>> version_fragment("a/b", "1")
    '#/models/a%2Fb/versions/1?workflowType=machine_learning'
    """
    return f"#/models/{_part(registered)}/versions/{_part(version)}?{_TRAINING}"


def trace_fragment(experiment: str, trace: str) -> str:
    """A trace that MLflow keeps, by its own id, as a link within its pages."""
    return f"#/experiments/{_part(experiment)}/traces?{_TRAINING}&selectedEvaluationId={_part(trace)}"


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses under the places that the settings name; `Settings.links` has them.

    Args:
        dagster: Dagster's web server, without a slash at its end; empty if there is none to link to.
        mlflow: MLflow's server, likewise.
        reports: where the folder `reports` of the home is served, likewise.
        traces: where a trace is shown, with `{trace_id}` in it; empty if nobody shows any.
        keeps: by the name of an experiment its id in the MLflow that keeps the traces of nights, empty if it
            is not known; left out: MLflow keeps none.
    """

    dagster: str = ""
    mlflow: str = ""
    reports: str = ""
    traces: str = ""
    keeps: Callable[[str], str] | None = None

    def group(self, model: str, location: str) -> str:
        """The graph of a model in Dagster, in the code location of a name."""
        return self._dagster(f"locations/{_part(location)}/asset-groups/{_part(model)}")

    def stage(self, model: str, stage: str, day: dt.date | None = None) -> str:
        """A stage's asset in Dagster, or one day of it.

        >>> Links(dagster="https://dagster.example").stage("m", "drift", dt.date(2013, 7, 21))
        'https://dagster.example/assets/m/drift?view=partitions&partition=2013-07-21'
        """
        view = {} if day is None else {"view": "partitions", "partition": day.isoformat()}
        return self._dagster(f"assets/{_part(model)}/{_part(stage)}", **view)

    def check(self, model: str, stage: str, check: str) -> str:
        """A check of a stage in Dagster, with its history."""
        return self._dagster(f"assets/{_part(model)}/{_part(stage)}", view="checks", checkDetail=check)

    def run(self, run_id: str) -> str:
        """A run in Dagster, with its log."""
        return self._dagster(f"runs/{_part(run_id)}") if run_id else ""

    def experiment(self, experiment: str) -> str:
        """The runs of an experiment in MLflow, by its id."""
        return self._mlflow(experiment_fragment(experiment))

    def experiment_of(self, model: str) -> str:
        """The experiment of a model in MLflow's list of them, for who does not know its id."""
        wanted = urlencode({"experimentSearchFilter": experiment_name(model)})
        return self._mlflow(f"#/experiments?{_TRAINING}&{wanted}")

    def mlflow_run(self, experiment: str, run: str) -> str:
        """A run in MLflow, by the ids of its experiment and its own.

        >>> Links(mlflow="https://host.example/mlflow").mlflow_run("3", "abc")
        'https://host.example/mlflow/#/experiments/3/runs/abc?workflowType=machine_learning'
        """
        return self._mlflow(run_fragment(experiment, run))

    def version(self, registered: str, version: str) -> str:
        """A version of a registered model in MLflow."""
        return self._mlflow(version_fragment(registered, version))

    def report(self, model: str, day: dt.date) -> str:
        """The health page of a day."""
        return self._report(health_page(model, day))

    def fleet(self) -> str:
        """The page of all models."""
        return self._report(FLEET_PAGE)

    def trace(self, trace_id: str) -> str:
        """A trace, by its id.

        >>> Links(traces="https://jaeger.example/trace/{trace_id}").trace("0af7651916cd43dd8448eb211c80319c")
        'https://jaeger.example/trace/0af7651916cd43dd8448eb211c80319c'
        """
        return self.traces.replace(TRACE_ID, _part(trace_id)) if trace_id else ""

    def night_trace(self, trace_id: str, model: str) -> str:
        """The trace of a night of a model: where traces are shown, else in the MLflow that keeps it.

        >>> Links(mlflow="https://mlflow.example", keeps=lambda name: "3").night_trace("0af7", "m")
        'https://mlflow.example/#/experiments/3/traces?workflowType=machine_learning&selectedEvaluationId=tr-0af7'
        """
        if self.traces or not trace_id or self.keeps is None or not self.mlflow:
            return self.trace(trace_id)
        experiment = self.keeps(experiment_name(model))
        return self._mlflow(trace_fragment(experiment, f"{TRACE_PREFIX}{trace_id}")) if experiment else ""

    def _dagster(self, path: str, **query: str) -> str:
        asked = f"?{urlencode(query)}" if query else ""
        return f"{self.dagster}/{path}{asked}" if self.dagster else ""

    def _mlflow(self, fragment: str) -> str:
        return f"{self.mlflow}/{fragment}" if self.mlflow else ""

    def _report(self, file: str) -> str:
        return f"{self.reports}/{quote(file)}" if self.reports else ""


NO_LINKS = Links()
"""Where no setting names a place."""


def _part(text: str) -> str:
    """One part of a path, whatever is in it."""
    return quote(text, safe="")
