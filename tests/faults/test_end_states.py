"""Whatever is done to a night, running it again gives the end that there would have been: a few of each kind.

`make soak` does all of them; docs/reliability.md says what came of it.
"""

from contextlib import closing
from itertools import islice

import pytest

from tests.faults import bad_files, clocks, contention, kills, services, storage
from tests.faults.laboratory import Laboratory


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for name in (
            "OBS_CORES",
            "OMP_NUM_THREADS",
            "OBS_TRACES",
            "DO_NOT_TRACK",
            "MLFLOW_DISABLE_TELEMETRY",
        ):
            # set first, so that what it sets is taken back
            patch.setenv(name, "")
        with closing(Laboratory(tmp_path_factory.mktemp("faults"))) as found:
            found.prepare()
            yield found


def chosen(cases, *names):
    """The cases of these names, each of which there is."""
    found = {case.name: case for case in cases}
    return [found[name] for name in names]


@pytest.mark.parametrize("share", [0.3, 0.8])
@pytest.mark.parametrize("stage", kills.STAGES)
def test_who_is_killed_at_any_step_is_completed_by_the_next(laboratory, stage, share):
    step = int(share * laboratory.steps[stage])
    (case,) = chosen(kills.cases(laboratory, {}), f"{stage} before step {step}")
    assert case.run(laboratory) == 1


@pytest.mark.parametrize("stage", kills.STAGES)
def test_who_is_killed_again_and_again_is_completed_by_the_next(laboratory, stage):
    (case,) = chosen(kills.cases(laboratory, {stage: 1}), f"{stage} after a while, chain 0")
    case.run(laboratory)


@pytest.mark.parametrize("number", [8])
def test_two_processes_on_the_same_days_leave_what_one_would(laboratory, number):
    next(islice(contention.cases(number + 1), number, None)).run(laboratory)


@pytest.mark.parametrize("number", [1, 3])
def test_a_bad_file_is_said_and_its_day_is_whole_once_it_is_mended(laboratory, number):
    next(islice(bad_files.cases(number + 1), number, None)).run(laboratory)


@pytest.mark.parametrize(
    "name",
    [
        "no file over 100000 bytes",
        "no file over 500000 bytes",
        "history.db is locked",
        "nothing may be spilled",
        "96 kB are left",
        "everything is read-only",
    ],
)
def test_a_place_that_cannot_be_written_is_said_and_loses_nothing(laboratory, name):
    found = {case.name: case for case in storage.cases()}
    if name not in found:
        pytest.skip("this user may not mount a file system of a certain size")
    found[name].run(laboratory)


@pytest.mark.parametrize("number", [0, 1])
def test_a_clock_that_is_wrong_for_a_night_changes_no_number_and_holds_nothing_back(laboratory, number):
    next(islice(clocks.cases(), number, None)).run(laboratory)


def test_postgresql_restarts_in_the_middle_of_a_night(laboratory):
    (case,) = chosen(services.cases(4), "PostgreSQL restarts before transaction 6")
    case.run(laboratory)


def test_mlflow_is_down_for_nights_and_catches_up(laboratory):
    (case,) = chosen(services.cases(0), "MLflow is down for all nights but the last")
    case.run(laboratory)
