"""The executor of runs that Dagster starts: all stages in one process, the run is the span around them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import dagster as dg
from dagster._core.executor.base import Executor

from jobs.night_span import night_span
from jobs.nightly import model_of_job
from jobs.run_days import days_of_run

_INNER = dg.in_process_executor


class _Traced(Executor):
    """An executor, with the span of the run around what it does."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    @property
    def retries(self) -> Any:
        """Those of the executor."""
        return self._executor.retries

    @property
    def step_dependency_config(self) -> Any:
        """That of the executor."""
        return self._executor.step_dependency_config

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[dg.DagsterEvent]:
        """Execute the plan; the run has failed if one of its steps has."""
        run = plan_context.dagster_run
        with night_span(run.run_id, model_of_job(run.job_name), days_of_run(run.tags)) as span:
            for event in self._executor.execute(plan_context, execution_plan):
                failed = event.event_type is dg.DagsterEventType.STEP_FAILURE
                span.failed("not every stage succeeded", when=failed)
                yield event


def _traced(context: dg.InitExecutorContext) -> Executor:
    create = _INNER.executor_creation_fn
    if create is None:
        raise RuntimeError("Dagster's own executor cannot be made")
    return _Traced(create(context))


traced_in_process = dg.ExecutorDefinition(
    _INNER.name, cast("Any", _INNER.config_schema), [], _traced, _INNER.description
)
"""Dagster's in-process executor, traced."""
