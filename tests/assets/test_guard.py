"""What a stage raises is something that a person can read, whatever it was."""

import datetime as dt
import errno

import dagster as dg
import pytest

from assets.partitions import days_of
from assets.progress import tracked
from assets.stage import stage
from jobs.stage_failure import stage_failure
from obs_dagster.errors import LakeError

FIRST, LAST = dt.date(2024, 3, 4), dt.date(2024, 3, 6)
RANGE = {"dagster/asset_partition_range_start": str(FIRST), "dagster/asset_partition_range_end": str(LAST)}


@pytest.fixture
def fails(small, tmp_path, monkeypatch):
    """Runs a stage that raises, at one of its days or at none; what people read of it."""
    monkeypatch.setenv("OBS_HOME", str(tmp_path / "home"))
    monitor = small().monitor

    def run(error, *, at=None, partitioned=True, days=True):
        @stage(monitor, "drift", partitioned=partitioned)
        def drift(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
            if at is not None:
                found = days_of(context)
                for day in tracked(context, found, len(found)):
                    if day == at:
                        raise error
            raise error

        with dg.DagsterInstance.ephemeral() as instance:
            result = dg.materialize(
                [drift],
                instance=instance,
                tags=RANGE if days is True else None,
                partition_key=None if days is True else days,
                raise_on_error=False,
            )
            (failed,) = [event for event in result.all_events if event.is_step_failure]
            return stage_failure(monitor, failed)

    return run


@pytest.mark.parametrize("error", [KeyError("income"), ValueError(), ZeroDivisionError("math domain error")])
def test_the_unforeseen_names_stage_model_and_day_and_how_to_see_more(fails, error):
    failure = fails(error, days="2024-03-04")
    assert type(error).__name__ in failure.reason
    assert "stage drift of small, 2024-03-04" in failure.reason
    assert "OBS_DEBUG=1" in failure.reason
    assert "raise error" in failure.details, "the trace has the line that raised"


def test_of_a_range_it_names_the_day_that_it_was_at(fails):
    failure = fails(RuntimeError("no"), at=dt.date(2024, 3, 5))
    assert "2024-03-04 to 2024-03-06, at 2024-03-05" in failure.reason
    assert ", at" not in fails(RuntimeError("no"), at=dt.date(1999, 1, 1)).reason


def test_what_is_raised_on_purpose_is_said_as_it_is(fails):
    failure = fails(LakeError("It is damaged.", remedy="Run it again."))
    assert failure.reason == "It is damaged. Run it again."


def test_a_fault_of_storage_names_the_place_and_what_to_do(fails):
    failure = fails(OSError(errno.ENOSPC, "No space left on device", "/lake/x"))
    assert failure.reason.startswith("/lake/x cannot be used: there is no room left")
    wrapped = LakeError("Cannot write.")
    wrapped.__cause__ = OSError(errno.EROFS, "Read-only file system", "/lake/y")
    assert "/lake/y cannot be used: it is read-only" in fails(wrapped).reason


def test_no_cause_in_dagster_s_log_holds_a_secret(fails, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:opensesame@host")

    error = RuntimeError("http://me:opensesame@host said 500")
    error.__cause__ = ValueError("and so did opensesame")
    failure = fails(error)
    assert "opensesame" not in failure.reason + failure.details
    assert "said 500" in failure.reason
