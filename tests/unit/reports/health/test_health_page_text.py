import datetime as dt
import re
from html.parser import HTMLParser

import pytest

from obs_dagster.reports.health.sections import draw_section
from obs_dagster.tasks.sections import Curve, CurvePoint

VOID = {"meta", "link", "br"}


class Text(HTMLParser):
    """Collects the text and asserts that every element is closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.seen = [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, _):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, _):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.seen.append(data)

    def __str__(self):
        return re.sub(r"\s+", " ", " ".join(self.seen))


def text(page):
    return str(Text(page))


def test_the_story_of_the_season(render):
    seen = text(render())
    assert "Version 1 — failing: recall fell to 0.05 [0.04, 0.06] over the 7 days to 18 July" in seen
    assert "Version 2 — sound:" in seen
    assert "Act: flights@example.org" in seen
    assert "below the whole" in seen
    assert "too few to judge" in seen
    assert "1.0 % → 9.0 %" in seen
    assert "21 July, 500 rows explained" in seen
    assert "labels still arriving (after 18 July)" in seen
    assert "run 3f1c9a52" in seen
    assert "recall/1" in seen


def test_numbers_that_may_still_change_say_so(render, season):
    late = [
        season.record("label_coverage", "1", season.LAST, 0.78),
        season.record("wasserstein", "1", season.LAST, 6.08, column="temp"),
        season.record("psi", "1", season.LAST, 8.35, spread=0.04, column="temp"),
    ]
    alerts = [season.alert(value=0.002, day=season.LAST), season.drift_alert("temp", 8.35)]
    seen = text(render(records=[*season.records(), *late], alerts=alerts))
    assert "recall over the 7 days to 21 July below 0.25, labels not complete, 78 % in" in seen
    assert "Not of the same days: recall of version 1 (7 days to 21 July)" in seen
    assert "8.35 [8.33, 8.37], 6.1 standard deviations from the baseline" in seen
    assert "PSI of temp: nearly all rows lie where the baseline had few." in seen


@pytest.mark.parametrize(("error", "told"), [(0.21, True), (0.04, False), (0.0, False)])
def test_the_error_of_binning_is_told_where_it_matters(render, season, error, told):
    score = season.monitor().logs.columns.score
    psi = [
        season.record("psi", "1", season.LAST, 8.35, spread=0.5, error=error, column=column)
        for column in ("temp", score)
    ]
    page = render(
        records=[*season.records(), *psi],
        alerts=[season.drift_alert("temp", 8.35, low=7.85, high=8.85, day=season.LAST)],
    )
    seen = text(page)
    bound = "[7.85, 8.85] ± 0.21 from binning"
    assert (f"moved: PSI of temp rose to 8.35 {bound}" in seen) is told  # the sentence
    assert (f"temp 8.35 {bound} 3,150" in seen) is told  # the list of what fires
    assert (f"{score} 8.35 {bound}" in seen) is told  # the table of what moved
    assert (f"{bound}, n = 900" in page) is told  # the chart of the score
    assert "from binning" not in seen.replace("“± … from binning”", "") or told


def test_it_loads_nothing_and_runs_nothing(render):
    page = render()
    assert "<script" not in page
    assert not re.search(r"""(src|href)=["'](?!data:,)""", page)
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


HOSTILE = '<img src=x onerror="alert(1)">'


def test_hostile_names_are_shown_as_text(render, season):
    records = [
        season.record("psi", HOSTILE, season.LAST, 0.5, column=HOSTILE),
        season.record("recall", HOSTILE, season.LAST, 0.5, spread=0.1, segment=HOSTILE),
        season.record("recall", HOSTILE, season.LAST, 0.5, spread=0.1),
        season.record("volume", HOSTILE, season.LAST, 900.0, window=1),
        season.record("shap_importance", HOSTILE, season.LAST, 0.5, window=1, column=HOSTILE),
    ]
    alerts = [season.alert(version=HOSTILE, segment=HOSTILE, summary=HOSTILE, owner=HOSTILE)]
    nights = [season.night(season.LAST, evaluated=False, reason=HOSTILE)]
    page = render(records=records, alerts=alerts, nights=nights)
    assert "<img" not in page
    assert text(page).count(HOSTILE) > 8


def without(season, *metrics):
    return [record for record in season.records() if record.metric not in metrics]


LABELLED = ("recall", "precision", "roc_auc", "calibration_error", "label_coverage")


def test_without_labels(render, season):
    page = render(monitor=season.monitor(labels=None), records=without(season, *LABELLED), alerts=[])
    seen = text(page)
    assert seen.count("The monitor has no labels.") == 4 + 2
    assert "labels still arriving" not in seen
    assert "Nothing is firing." in seen


def test_rows_in_quarantine_say_which_rules_they_broke(render, season):
    broken = {"temp is above 60": 31, **{f"column {number} is missing": 1 for number in range(6)}}
    seen = text(render(broken=broken))
    assert "They broke the contract: temp is above 60 (31 rows); column 0 is missing (1 row);" in seen
    assert f"2 more rules. obs quarantine flight_delay --day {season.LAST} shows them." in seen
    assert "They broke" not in text(render())


def test_with_labels_that_have_not_come(render, season):
    seen = text(render(records=without(season, *LABELLED), alerts=[]))
    assert seen.count("No labels yet.") == 4 + 2


def test_one_version_and_no_segments(render, season):
    records = [record for record in season.records() if record.version == "1"]
    seen = text(render(monitor=season.monitor(segments=[]), records=records))
    assert "The monitor declares no segments." in seen
    assert "Version 2" not in seen


def test_no_rules(render, season):
    seen = text(render(monitor=season.monitor(alerts=[]), alerts=[]))
    assert "The monitor has no alert rules: people are told of days that were not evaluated" in seen


def test_an_empty_history(render):
    seen = text(render(records=[], alerts=[], nights=[]))
    assert "No version made predictions in the week to 21 July" in seen
    assert "No rows were counted on 21 July." in seen


def test_a_day_without_rows(render, season):
    nights = [*season.nights()[:-1], season.night(season.LAST, evaluated=False, reason="no rows", rows=0)]
    records = [record for record in season.records() if record.day < season.LAST]
    seen = text(render(records=records, alerts=[], nights=nights))
    assert "21 July was NOT EVALUATED: no rows." in seen
    assert "Version 2 — unknown: the day was not evaluated." in seen
    assert "No drift was measured on 21 July." in seen


def test_records_without_values(render, season):
    empty = [
        season.record(metric, "1", season.LAST, None, n=0 if metric == "recall" else 5, reason="no rows")
        for metric in ("recall", "precision", "roc_auc", "volume")
    ]
    assert "No labels yet." in text(render(records=empty, alerts=[]))


def test_later_days_are_not_shown(render, season):
    page = render(day=season.LAST - dt.timedelta(days=30), alerts=[])
    assert "21 July" not in text(page)
    assert "Version 2" not in text(page)


@pytest.mark.parametrize("count", [7, 12])
def test_many_subjects_of_a_rule_are_named_after_the_worst(render, season, count):
    alerts = [season.drift_alert(f"column{number}", 0.3 + number / 100) for number in range(count)]
    seen = text(render(alerts=alerts))
    assert f"And {count - 6} more: column{count - 7}" in seen


def test_no_night_is_missed_from_before_the_monitors_first_day(render, season):
    begun = season.LAST - dt.timedelta(days=2)
    monitor = season.monitor().model_copy(update={"start": begun})
    nights = [line for line in season.nights() if line.day >= begun]
    records = [record for record in season.records() if record.day >= begun]
    page = render(monitor=monitor, nights=nights, records=records)
    assert 'aria-label="3 of 3 nights evaluated"' in page
    assert "Trends 19 July to 21 July" in text(page)


def test_what_people_do_about_alerts_and_incidents_is_shown(render, season):
    alerts = [
        season.alert(handled="silenced until 2013-08-01 10:00 UTC by ann (holidays)"),
        season.drift_alert("temp", 0.9, state="resolved", handled="resolved by hand by bob, still in breach"),
    ]
    seen = text(render(alerts=alerts, incidents=[season.incident()]))
    assert seen.count("silenced until 2013-08-01 10:00 UTC by ann (holidays)") == 2
    assert "Resolved by hand: input_drift, version 1, temp: resolved by hand by bob, still in breach" in seen
    assert "Incident 7c2e0d91ab version 1, 15 nights since 7 July" in seen
    assert "1 alert of recall_floor, acknowledged by ann" in seen
    assert "Likely why" not in seen, "nothing is said where nobody looked"
    why = {"7c2e0d91ab": "(1) temp: median 50 → 10; (2) a new version"}
    assert f"Likely why: {why['7c2e0d91ab']}" in text(render(incidents=[season.incident()], suspected=why))
    assert "Incident" not in text(render())


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (
            "not calibrated: 12 days of the baseline have rows of it, 20 are needed",
            "so is not calibrated: 12",
        ),
        ("no rows", "so is not known: no rows."),
    ],
)
def test_a_column_says_how_likely_days_are_to_differ_so_where_that_is_known(render, season, reason, told):
    last = {"day": season.LAST, "window": 7, "column": "temp"}
    evidence = [
        season.record("drift_p_value", "1", value=1e-5, **last),
        season.record("design_effect", "1", value=40.0, **last | {"window": 1}),
        season.record("drift_p_value", "2", value=0.2, **last),
        season.record("design_effect", "2", value=None, reason=reason, **last | {"window": 1}),
    ]
    page = render(records=[*season.records(), *evidence])
    assert page.count("p &lt; 0.001") == 1
    assert "below how far a column moved" in page
    assert "below how far a column moved" not in render()
    assert "p 0.2" not in page
    assert page.count(f"How likely days are to differ {told}") == 1


def test_features_say_whether_the_model_decides_by_them_as_on_its_baseline(render, season):
    ranking = season.record("shap_ndcg", "2", season.LAST, 0.83, spread=0.02, window=1)
    moved = season.record("shap_ks", "2", season.LAST, 0.41, spread=0.05, window=1, column="temp")
    chance = season.record("shap_ks", "2", season.LAST, 0.04, spread=0.05, window=1, column="hour")
    page = text(render(records=[*season.records(), ranking, moved, chance]))
    assert "Ranking of features beside the baseline's: 0.83 [0.81, 0.85]; 1 is the same." in page
    assert page.count("moved 0.41") == 1
    assert "moved 0.04" not in page


def test_what_others_say_of_the_features_stands_below_them(render, season):
    last = {"day": season.LAST, "window": 1}
    earlier = {"day": season.LAST - dt.timedelta(days=5), "window": 1}
    said = [
        season.record("lime_sign_agreement", "2", value=0.84, spread=0.03, **last),
        season.record("label_rank_correlation", "2", value=0.4, spread=0.1, **earlier),
        season.record("unlike_baseline_share", "2", value=0.24, spread=0.05, **last),
        season.record("permutation_importance", "2", value=0.3, spread=0.1, column="temp", **earlier),
        season.record("permutation_importance", "2", value=0.01, spread=0.1, column="hour", **earlier),
    ]
    page = text(render(records=[*season.records(), *said]))
    assert "LIME confirms the direction of 84 % [81 %, 87 %] of the attribution" in page
    assert "permutation importance on labels 0.40 [0.30, 0.50]" in page
    assert "24 % [19 %, 29 %] of the rows are unlike the baseline's" in page
    assert page.count("worth 0.3") == 1
    assert page.count("worth unsure") == 1
    assert "Second opinion" not in text(render())


def test_how_the_output_goes_with_a_feature_is_drawn_over_that_of_the_baseline(render):
    today = [CurvePoint(1.0, 0.2), CurvePoint(2.0, 0.4)]
    before = [CurvePoint(1.0, 0.9), CurvePoint(2.0, 0.1)]
    curve = Curve(
        "temp: partial dependence", "temp", "Score", today, note="dashed: on the baseline", beside=before
    )
    page = render(explained={"1": (curve,), "2": ()})
    assert page.count("temp: partial dependence") >= 1
    assert page.count('class="ideal"') == render().count('class="ideal"') + 1
    # both lines are within the axes
    drawn = draw_section(curve)
    heights = [float(point.partition(",")[2]) for point in drawn.beside[1:].split("L")]
    assert all(drawn.top <= each <= drawn.bottom for each in heights)
