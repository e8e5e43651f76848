"""Whether this process was started for a run, and for that of which models."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping
from multiprocessing.process import BaseProcess

from dagster._core.definitions.reconstruct import ReconstructableJob

from jobs.due import JOB
from jobs.nightly import model_of_job

#: What launchers of containers tell a run's process; Dagster's default one starts it with the job itself.
_JOB = "DAGSTER_RUN_JOB_NAME"


def models_of_run(
    process: BaseProcess | None = None, environ: Mapping[str, str] | None = None
) -> frozenset[str] | None:
    """The models that the run of this process is about: no other monitors have to be loaded for it.

    Args:
        process: left out: the present one.
        environ: the environment variables; left out: the process's.

    Returns:
        None if it is no run's process, or it cannot be told; then every monitor may be wanted.
    """
    process = process or multiprocessing.current_process()
    # there is no public way; where this one ends, all monitors are loaded
    given = getattr(process, "_args", ())
    job = next((each for each in given if isinstance(each, ReconstructableJob)), None)
    name = job.job_name if job is not None else (os.environ if environ is None else environ).get(_JOB, "")
    if name == JOB:
        # it loads each monitor where its night is evaluated
        return frozenset()
    if model := model_of_job(name):
        return frozenset([model])
    if job is not None and job.asset_selection:
        return frozenset(key.path[0] for key in job.asset_selection)
    return None
