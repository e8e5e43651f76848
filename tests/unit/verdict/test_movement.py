import datetime as dt
from dataclasses import replace

import pytest

from obs_dagster.verdict.movement import movement
from obs_dagster.verdict.record_index import RecordIndex


@pytest.fixture
def found(season):
    """How version 1 stands whose features have the given PSI, or no value for the given reason."""

    def found(psi, *, missing=None, monitor=None, seen=7):
        made = [
            season.record(
                "psi",
                "1",
                season.LAST,
                value if not isinstance(value, str) else None,
                spread=0.01,
                column=column,
                reason=value if isinstance(value, str) else "",
            )
            for column, value in psi.items()
        ]
        made += [
            season.record("missing_drift", "1", season.LAST, value, spread=0.01, column=column)
            for column, value in (missing or {}).items()
        ]
        made += [
            season.record("volume", "1", season.LAST - dt.timedelta(days=back), 9.0, window=1)
            for back in range(seen)
        ]
        return movement(season.monitor(**(monitor or {})), RecordIndex(made), "1", season.LAST)

    return found


def test_inputs_are_known_only_with_a_value_for_every_feature(found, season):
    still = dict.fromkeys(season.FEATURES, 0.02)
    assert found(still).known
    for column in season.FEATURES:
        without = {name: value for name, value in still.items() if name != column}
        for psi in (without, still | {column: "no values"}):
            assert found(psi).gap.startswith("1 of 10 features could not be compared over the 7 days to 21")
            assert column in found(psi).gap


def test_features_are_told_with_the_reason_that_they_share(found, season):
    absent = {name: f"the log has no column {name}" for name in season.FEATURES[:7]}
    absent["temp"] += "; it has Temp"
    still = dict.fromkeys(season.FEATURES[8:], 0.02)
    gap = found(absent | still | {"distance": "no values in the baseline"}).gap
    assert gap == (
        "8 of 10 features could not be compared over the 7 days to 21 July: temp (there is Temp), dewp, "
        "humid, wind_speed, precip and 2 more not in the log; distance without values in the baseline"
    )


def test_a_version_without_a_baseline_says_so(found, season):
    reason = "no baseline: there are no training rows of version 1 at training/1.parquet"
    gap = found(dict.fromkeys(season.FEATURES, reason)).gap
    assert gap == f"whether its inputs have moved is not known: it has {reason}"


@pytest.mark.parametrize(("gap_days", "seen", "has"), [(1, 1, "none"), (1, 4, "3"), (5, 8, "3")])
def test_a_rolling_baseline_says_how_many_days_it_still_needs(found, season, gap_days, seen, has):
    rolling = {"baseline": {"kind": "rolling", "days": 28, "gap_days": gap_days}}
    start = season.LAST - dt.timedelta(days=seen - 1)
    psi = dict.fromkeys(season.FEATURES, "no baseline: whatever")
    told = found(psi, monitor=rolling | {"start": str(start)}, seen=seen)
    assert told.gap == (
        f"whether its inputs have moved is not known: its rolling baseline has rows on {has} of its 28 days, "
        "and needs 7"
    )


def test_a_rolling_baseline_says_how_to_get_days_that_were_before(found, season):
    rolling = {"baseline": {"kind": "rolling", "days": 3, "min_days": 2}, "start": "2013-07-19"}
    told = found(dict.fromkeys(season.FEATURES, "no baseline: whatever"), monitor=rolling, seen=1)
    assert told.gap == (
        "whether its inputs have moved is not known: its rolling baseline has rows on none of its 3 days, "
        "and needs 2: if the log has days before, `obs backfill flight_delay --from 2013-07-19 --to "
        "2013-07-21` evaluates them"
    )


@pytest.mark.parametrize("change", [0.6, -0.6])
def test_values_that_are_missing_are_a_movement(found, season, change):
    told = found(dict.fromkeys(season.FEATURES, 0.02), missing={"temp": change, "dewp": 0.05})
    assert [record.column for record in told.missing] == ["temp"]


@pytest.mark.parametrize(("error", "why"), [(0.0, "too few rows"), (17.5, "counted too coarsely")])
def test_an_open_interval_says_whether_rows_or_counts_are_too_few(season, error, why):
    psi = [
        replace(
            season.record("psi", "1", season.LAST, 0.02, spread=0.01, column=name),
            low=0.0,
            high=18.0,
            error=error,
        )
        for name in season.FEATURES
    ]
    assert why in movement(season.monitor(), RecordIndex(psi), "1", season.LAST).gap


OPEN = "watched by the evidence of their days alone: temp with too few rows to tell"


@pytest.mark.parametrize(
    ("rule", "evidence", "known"),
    [
        ({"metric": "drift_evidence", "above": "budget"}, -0.2, True),
        ({"metric": "drift_evidence", "above": "budget"}, None, False),
        ({"metric": "drift_evidence", "above": "budget", "columns": ["dewp"]}, -0.2, False),
        ({"metric": "psi", "window": 7, "above": 0.25}, -0.2, False),
    ],
)
def test_a_feature_of_few_rows_is_known_by_the_evidence_of_its_days_if_a_rule_watches_it(
    season, rule, evidence, known
):
    monitor = season.monitor(alerts=[{"name": "moved", **rule}])
    made = [
        season.record("psi", "1", season.LAST, 0.02, spread=0.01, column=name) for name in season.FEATURES
    ]
    made[0] = replace(made[0], low=0.0, high=18.0)
    made.append(season.record("drift_evidence", "1", season.LAST, evidence, window=1, column=made[0].column))
    found = movement(monitor, RecordIndex(made), "1", season.LAST)
    assert found.known is known
    assert found.watched == (OPEN if known else "")
