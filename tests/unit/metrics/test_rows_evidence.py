import datetime as dt

import pytest

from obs_dagster.evidence.detector import Detectors
from obs_dagster.evidence.volume import LEAST_NIGHTS
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.quality.row_counts import RowCounts
from obs_dagster.metrics.quality.rows_evidence import MOST

DAY = dt.date(2024, 3, 4)


def evidence(rows, before):
    nights = [(DAY - dt.timedelta(days=8 + back), each) for back, each in enumerate(reversed(before))]
    counts = RowCounts(rows, 0, 0, 0, day=DAY, before=nights[::-1])
    return evaluate("quality", counts)["rows_evidence"]


@pytest.fixture(scope="module")
def quiet():
    return [980, 1_030, 1_010, 960, 1_000, 990, 1_020, 1_040, 970] * 6


def test_quiet_nights_win_nothing_and_lost_rows_do(quiet):
    assert evidence(1_010, quiet).value < 0
    lost = evidence(850, quiet)
    assert 0.5 < lost.value <= MOST
    assert (lost.n, lost.low, lost.high) == (850, None, None)


def test_a_single_night_is_no_alarm_however_few_rows_and_three_are(quiet):
    gone = evidence(20, quiet).value
    assert gone == MOST
    detectors = Detectors[int](1)
    nights = [detectors.night(DAY + dt.timedelta(days=back), {0: 10**gone})[0].alarm for back in range(3)]
    assert nights == [False, False, True]


@pytest.mark.parametrize(
    ("rows", "before", "reason"),
    [
        (0, [1_000] * 40, "no rows"),
        (1_000, [], "not calibrated: 0 nights before the last week have rows, 20 are needed"),
        (
            1_000,
            [0] * 9 + [1_000] * (LEAST_NIGHTS - 1),
            "not calibrated: 19 nights before the last week have rows, 20 are needed",
        ),
    ],
)
def test_what_is_not_known_has_a_reason(rows, before, reason):
    assert (evidence(rows, before).value, evidence(rows, before).reason) == (None, reason)
