import datetime as dt

import pytest

from obs_dagster.verdict.judge import verdicts
from obs_dagster.verdict.record_index import RecordIndex


@pytest.fixture
def judge(season):
    """The verdict on version 1 after a plain night, with what a test changes."""

    def judge(*, alerts=(), nights=None, records=None, monitor=None):
        day = season.LAST
        if records is None:
            records = plain(season)
        lines = [season.night(day)] if nights is None else nights
        found = verdicts(season.monitor(**(monitor or {})), RecordIndex(records), alerts, lines, day)
        return found[0] if found else None

    return judge


def plain(season, *, recall=0.41, n=1_500, psi=0.02, back=3):
    day = season.LAST
    settled = day - dt.timedelta(days=back)
    return [
        season.record("recall", "1", settled, recall, spread=0.03, n=n),
        season.record("precision", "1", settled, 0.38, spread=0.03, n=n),
        season.record("psi", "1", day, psi, spread=0.01, n=n, column="temp"),
        season.record("psi", "1", day, psi / 2, spread=0.01, n=n, column="dewp"),
        season.record("psi", "1", day, psi, spread=0.01, n=n, column="score"),
        *(
            season.record("psi", "1", day, 0.01, spread=0.01, n=n, column=column)
            for column in season.FEATURES
            if column not in ("temp", "dewp")
        ),
        *(season.record("volume", "1", day - dt.timedelta(days=ago), 900.0, window=1) for ago in range(14)),
    ]


def test_failing(judge, season):
    verdict = judge(alerts=[season.alert(), season.drift_alert("temp", 0.9)], records=plain(season, psi=0.6))
    assert verdict.text == (
        "Version 1 — failing: recall fell to 0.05 [0.04, 0.06] over the 7 days to 18 July (threshold 0.25), "
        "in breach for 12 nights; temp and dewp moved most over the 7 days to 21 July; 1 more alert firing"
    )
    first = verdict.evidence[0]
    assert (first.metric, first.value, first.threshold, first.n) == ("recall", 0.05, 0.25, 1_575)
    assert [item.metric for item in verdict.evidence].count("recall") == 1


def test_moved(judge, season):
    verdict = judge(alerts=[season.drift_alert("temp", 0.9)], records=plain(season, psi=0.6))
    assert verdict.status == "moved"
    assert verdict.sentence == (
        "PSI of temp rose to 0.90 [0.88, 0.92] over the 7 days to 21 July (threshold 0.25), "
        "in breach for 12 nights; dewp moved most over the 7 days to 21 July"
    )


def test_a_critical_rule_on_drift_is_failing(judge, season):
    assert judge(alerts=[season.drift_alert("temp", 0.9, severity="critical")]).status == "failing"


def test_sound(judge):
    verdict = judge()
    assert verdict.text == (
        "Version 1 — sound: recall 0.41 [0.38, 0.44] and precision 0.38 [0.35, 0.41] over the 7 days to "
        "18 July; its inputs have not moved over the 7 days to 21 July; no rule is in breach"
    )


def test_estimated_and_measured_are_told_apart(judge, season):
    guess = season.record("estimated_recall", "1", season.LAST, 0.2, spread=0.02, n=1_500)
    verdict = judge(records=[*plain(season), guess])
    assert verdict.reasons[:2] == (
        "measured recall 0.41 [0.38, 0.44] and precision 0.38 [0.35, 0.41] over the 7 days to 18 July",
        "estimated recall 0.20 [0.18, 0.22] over the 7 days to 21 July, if the concept has not changed",
    )
    assert [item.metric for item in verdict.evidence][:3] == ["recall", "precision", "estimated_recall"]
    unlabelled = [each for each in plain(season) if each.metric not in ("recall", "precision")]
    told = judge(records=[*unlabelled, guess]).reasons
    assert told[:2] == (
        "no labels have come yet, so whether it is right is not known",
        "estimated recall 0.20 [0.18, 0.22] over the 7 days to 21 July, if the concept has not changed",
    )


def test_why_nothing_is_estimated_is_told_unless_the_baseline_never_had_labels(judge, season):
    def told(reason):
        gone = season.record("estimated_recall", "1", season.LAST, None, n=1_500, reason=reason)
        return judge(records=[*plain(season), gone]).reasons[1]

    assert told("37% of the scores are outside").endswith(
        "cannot be estimated: 37% of the scores are outside"
    )
    assert told("no labels on the baseline").startswith("its inputs have not moved")


@pytest.mark.parametrize(("days", "told"), [(1, "on 21 July"), (3, "over 3 of the 7 days to 21 July")])
def test_a_week_that_has_few_days_yet_is_not_called_one(judge, season, days, told):
    lacking = season.LAST - dt.timedelta(days=days)
    records = [each for each in plain(season, back=0) if each.metric != "volume" or each.day > lacking]
    assert f"its inputs have not moved {told}" in judge(records=records).reasons


def test_a_version_that_its_rules_could_not_judge_yet_is_not_called_sound(judge, season):
    """There are labels, and values, and no rule about them has had a day that it judges."""
    lost = {"name": "lost", "metric": "recall", "window": 7, "below": 0.2, "settled": True}
    moved = {"name": "moved", "metric": "psi", "window": 7, "above": 0.5}
    verdict = judge(monitor={"alerts": [lost, moved]}, records=plain(season, back=1))
    assert verdict.status == "unknown"
    assert verdict.reasons[0] == "whether it is right cannot be judged yet"
    assert verdict.reasons[-1] == (
        "1 of 2 rules could not be judged: lost (the labels of no day are complete yet)"
    )
    assert judge(monitor={"alerts": [moved]}, records=plain(season, back=1)).status == "sound"


def test_numbers_of_different_days_each_have_theirs(judge, season):
    later = season.record("recall", "1", season.LAST - dt.timedelta(days=4), 0.5, spread=0.03, n=1_500)
    records = [later, *(each for each in plain(season) if each.metric != "recall")]
    assert judge(records=records).reasons[0] == (
        "recall 0.50 [0.47, 0.53] over the 7 days to 17 July; precision 0.38 [0.35, 0.41] over the 7 days to "
        "18 July"
    )


def test_a_part_of_the_baseline_says_of_what_it_is_one(judge, season):
    rule = {"name": "recall_floor", "metric": "recall", "window": 7, "below": "75 % of baseline"}
    told = judge(alerts=[season.alert()], monitor={"alerts": [rule]}).sentence
    assert "(threshold 0.25, 75 % of the baseline)" in told


@pytest.mark.parametrize(
    ("in_breach", "told"),
    [
        (
            "leave_out",
            "2 of the 5 days before were in breach of moved, and left out of the baseline of what was",
        ),
        ("keep", "2 of the 5 days before, which it is compared with, were in breach of moved"),
    ],
)
def test_days_of_a_rolling_baseline_that_were_in_breach_are_told(judge, season, in_breach, told):
    rule = {"name": "moved", "metric": "psi", "window": 7, "above": 0.25, "columns": ["temp"]}
    baseline = {"kind": "rolling", "days": 5, "in_breach": in_breach}
    days = [season.LAST - dt.timedelta(days=ago) for ago in (1, 3, 9)]
    breached = [season.record("psi", "1", day, 0.9, spread=0.01, column="temp") for day in days]
    found = judge(monitor={"alerts": [rule], "baseline": baseline}, records=[*plain(season), *breached])
    assert told in found.reasons


@pytest.mark.parametrize("in_breach", ["leave_out", "keep"])
def test_days_on_which_a_version_beat_its_champion_are_as_good_as_others(judge, season, in_breach):
    rule = {"name": "ahead", "metric": "recall", "better_than": "champion"}
    monitor = {
        "alerts": [rule],
        "champion": "1",
        "baseline": {"kind": "rolling", "days": 5, "in_breach": in_breach},
    }
    days = [season.LAST - dt.timedelta(days=ago) for ago in (1, 3)]
    ahead = [season.record("recall_beside_champion", "1", day, 0.2, spread=0.01, window=1) for day in days]
    found = judge(monitor=monitor, records=[*plain(season), *ahead])
    assert not any("ahead" in reason for reason in found.reasons if "in breach" in reason)


def test_a_pending_alert_is_told_but_sound(judge, season):
    verdict = judge(alerts=[season.alert(state="pending", fired_day=None, nights=1)])
    assert verdict.status == "sound"
    assert "recall fell to 0.05" in verdict.sentence
    assert verdict.sentence.endswith("not long enough to fire")


def test_a_resolved_alert_is_no_matter(judge, season):
    assert judge(alerts=[season.alert(state="resolved")]).sentence.endswith("no rule is in breach")


def test_an_alert_about_the_whole_log_counts_for_every_version(judge, season):
    verdict = judge(alerts=[season.alert(version="*", metric="quarantined_share", value=0.2)])
    assert (verdict.version, verdict.status) == ("1", "failing")


def test_unknown_without_rules(judge):
    verdict = judge(monitor={"alerts": []})
    assert verdict.status == "unknown"
    assert verdict.sentence == (
        "the monitor has no alert rules to judge it by; its inputs have not moved over the 7 days to 21 July"
    )


def test_unknown_with_few_labels(judge, season):
    verdict = judge(records=plain(season, n=40))
    assert verdict.status == "unknown"
    assert verdict.sentence == "too few labelled rows to judge it (40 of the 100 that its rules ask for)"


def test_unknown_without_labels_yet(judge, season):
    records = [record for record in plain(season) if record.metric in ("psi", "volume")]
    verdict = judge(records=records)
    assert verdict.status == "unknown"
    assert verdict.sentence.startswith("no labels have come yet")


def test_a_monitor_without_labels_is_sound_only_as_far_as_inputs_show(judge, season):
    records = [record for record in plain(season) if record.metric in ("psi", "volume")]
    verdict = judge(records=records, monitor={"labels": None})
    assert verdict.status == "sound"
    assert "whether it is right is not known" in verdict.sentence


def test_labels_that_are_not_complete_are_said_so(judge, season):
    verdict = judge(records=plain(season, back=1))
    assert "over the 7 days to 20 July, labels not complete" in verdict.sentence
    assert not verdict.evidence[0].settled


def test_an_alert_on_labels_that_are_not_complete_says_so_and_gives_the_value_that_is(judge, season):
    coverage = season.record("label_coverage", "1", season.LAST, 0.78, n=900)
    alert = season.alert(value=0.002, low=0.001, high=0.009, day=season.LAST)
    verdict = judge(alerts=[alert], records=[*plain(season, recall=0.04), coverage])
    assert verdict.reasons[:2] == (
        (
            "recall fell to 0.002 [0.001, 0.009] over the 7 days to 21 July "
            "(threshold 0.25; labels not complete, 78 % in), in breach for 12 nights"
        ),
        "0.04 [0.01, 0.07] over the 7 days to 18 July, whose labels are complete",
    )
    recalls = [item for item in verdict.evidence if item.metric == "recall"]
    assert [item.covers for item in recalls] == [
        "7 days to 21 July, labels not complete, 78 % in",
        "7 days to 18 July",
    ]


def test_a_psi_says_how_far_the_rows_are_from_the_baseline(judge, season):
    far = [
        season.record("wasserstein", "1", season.LAST, value, column=column)
        for column, value in (("temp", 6.08), ("dewp", 3.79))
    ]
    records = [*plain(season, psi=8.3), *far]
    moved = judge(alerts=[season.drift_alert("temp", 8.3)], records=records)
    assert (
        "PSI of temp rose to 8.30 [8.28, 8.32], 6.1 standard deviations from the baseline," in moved.sentence
    )
    calm = judge(records=records)
    assert (
        "temp and dewp moved most over the 7 days to 21 July, by 6.1 and 3.8 standard deviations of the "
        "baseline" in calm.sentence
    )


def test_a_category_has_no_distance(judge, season):
    records = [*plain(season, psi=0.6), season.record("wasserstein", "1", season.LAST, 2.0, column="temp")]
    assert "temp and dewp moved most over the 7 days to 21 July; " in judge(records=records).sentence


def test_a_complete_value_is_preferred_to_a_later_one(judge, season):
    verdict = judge(records=[*plain(season), *plain(season, recall=0.1, back=0)])
    assert verdict.evidence[0].value == 0.41


def test_a_day_that_was_not_evaluated(judge, season):
    refused = season.night(season.LAST, evaluated=False, reason="12 % of the rows are in quarantine")
    calm = judge(nights=[refused])
    assert calm.status == "unknown"
    assert calm.sentence == "21 July was NOT EVALUATED: 12 % of the rows are in quarantine"
    alarmed = judge(nights=[refused], alerts=[season.alert()])
    assert alarmed.status == "failing"
    assert "21 July was NOT EVALUATED: 12 %" in alarmed.sentence


def test_a_version_without_rows_on_the_day(judge, season):
    records = [record for record in plain(season) if record.day < season.LAST]
    assert judge(records=records).sentence == "it made no predictions on 21 July"


def test_a_version_that_left_production_is_not_judged(judge, season):
    assert judge(records=[season.record("volume", "1", season.LAST - dt.timedelta(days=8), 9.0)]) is None
    assert judge(records=[season.record("volume", "1", season.LAST, 0.0, n=0)]) is None


def test_versions_are_in_natural_order(season):
    records = [season.record("volume", version, season.LAST, 9.0) for version in ("10", "9", "*")]
    found = verdicts(season.monitor(), RecordIndex(records), [], [], season.LAST)
    assert [verdict.version for verdict in found] == ["9", "10"]


def test_an_uncertain_movement_is_none(judge, season):
    wide = season.record("psi", "1", season.LAST, 0.3, spread=0.25, column="temp")
    assert "its inputs have not moved" in judge(records=[*plain(season), wide]).sentence


CHAMPION = "version 2, its champion: 0.71 and 0.66 on the same days, after 28 days"


@pytest.mark.parametrize(("known", "side"), [("better than", "above"), ("worse than", "below")])
def test_a_version_beside_its_champion(judge, season, known, side):
    metric, day = "recall_beside_champion", season.LAST - dt.timedelta(days=3)
    beside = season.record(metric, "1", day, 0.05, spread=0.02, window=1, reason=f"{known} {CHAMPION}")
    alert = season.alert(metric=metric, window=1, direction=side, threshold=0.0, rule="challenger")
    verdict = judge(alerts=[alert], records=[*plain(season), beside])
    assert verdict.status == ("sound" if known == "better than" else "failing")
    assert verdict.sentence.count(f"its recall is {known} {CHAMPION}") == 1


def test_a_verdict_on_fairness_names_the_groups(judge, season):
    metric, told = "demographic_parity_ratio", "sex=F 30 %, sex=M 50 %"
    beside = season.record(metric, "1", season.LAST, 0.6, spread=0.05, column="sex", reason=told)
    alert = season.alert(metric=metric, column="sex", value=0.6, threshold=0.8, day=season.LAST)
    verdict = judge(alerts=[alert], records=[*plain(season), beside])
    assert f"demographic parity ratio of sex fell to 0.60 [0.04, 0.06], {told}, over" in verdict.sentence


def test_a_metric_of_quality_in_breach_is_told_with_where_and_why(judge, season):
    why = "Wrong most clearly at origin=JFK: 64 % of 921 rows, elsewhere 27 %. Recall fell from 0.69 to 0.05."
    verdict = judge(alerts=[season.alert(why=why)])
    assert verdict.reasons[1] == (
        "wrong most clearly at origin=JFK: 64 % of 921 rows, elsewhere 27 %. Recall fell from 0.69 to 0.05"
    )
