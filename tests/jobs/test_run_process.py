"""A run's process loads the monitors of its own models only."""

from multiprocessing import Process

import dagster as dg
import pytest
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository

from jobs.run_process import models_of_run


def started_with(job_name, *assets):
    """A process as Dagster's code server starts one for a run."""
    repository = ReconstructableRepository(ModuleCodePointer("jobs.definitions", "definitions"))
    keys = frozenset(map(dg.AssetKey, assets)) if assets else None
    job = ReconstructableJob(repository, job_name, asset_selection=keys)
    return Process(target=print, args=["what to run", job, "a queue"])


@pytest.mark.parametrize(
    ("process", "environ", "models"),
    [
        (started_with("loan_default_nightly"), {}, {"loan_default"}),
        (
            started_with("__ASSET_JOB", ["loan_default", "drift"], ["churn", "alerts"]),
            {},
            {"loan_default", "churn"},
        ),
        (started_with("due_nights"), {}, set()),
        (started_with("__ASSET_JOB"), {}, None),
        (Process(target=print), {"DAGSTER_RUN_JOB_NAME": "loan_default_nightly"}, {"loan_default"}),
        (Process(target=print), {"DAGSTER_RUN_JOB_NAME": "__ASSET_JOB"}, None),
        (Process(target=print), {}, None),
    ],
)
def test_a_process_knows_the_models_of_its_run(process, environ, models):
    assert models_of_run(process, environ) == models
