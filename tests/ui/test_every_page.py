"""Every page at the width of a phone, a tablet and a laptop: nothing runs over, no text covers another."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from obs_dagster.alerts import FiringCount
from obs_dagster.fleet import GRAVEST_FIRST, ModelStanding, VersionStanding
from obs_dagster.fleet.trend import Leading, Trend
from obs_dagster.history import NightRecord
from obs_dagster.links import Links
from obs_dagster.reports.fleet import render_fleet
from obs_dagster.tasks.sections import Curve, CurvePoint, Listing, Matrix

pytestmark = pytest.mark.ui

LAYOUT = (Path(__file__).parent / "layout.js").read_text(encoding="utf-8")
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
NOW = dt.datetime(2013, 7, 22, 5, tzinfo=dt.UTC)
LONG = "a_very_long_name_of_something_that_somebody_once_called_so_and_nobody_dares_to_change"
CLASSES = ("on time", "late", "very late", "cancelled")


def _season(health, season):
    return health(
        alerts=[*season.alerts(), season.alert(column="wind_speed", metric="psi", rule="moved", n=123_456)]
    )


def _refused(health, season):
    reason = "all 1,234,567 rows broke the contract, and 5 % are tolerated\ntemp is above 60: 1,234,567 rows"
    nights = [
        replace(night, evaluated=False, reason=reason) if night.day == season.LAST else night
        for night in season.nights()
    ]
    return health(nights=nights)


def _outcomes(health, season):
    cells = [[1_000 * (one == other) + 17 for other in range(4)] for one in range(4)]
    shown = [
        Curve(
            "Predicted against actual",
            "mean prediction",
            "mean actual",
            [CurvePoint(10, 12, 11, 13, 100), CurvePoint(20, 19, 15, 23, 100)],
            diagonal=True,
        ),
        Matrix("Confusion matrix", "label", "prediction", CLASSES, CLASSES, cells),
        Listing(
            "Worst classes",
            ["Class", "Labels", "Recall", "Precision"],
            [(each, "1,234", "0.45 [0.40, 0.50]", "26 % [14 %, 43 %]") for each in CLASSES],
            numeric=frozenset({1}),
        ),
    ]
    return health(sections=dict.fromkeys(("1", "2"), shown))


def _long_names(health, season):
    records = [
        season.record("psi", "1", season.LAST, 0.5, spread=0.1, column=LONG),
        season.record("recall", "1", season.LAST, 0.5, spread=0.1),
        season.record("recall", "1", season.LAST, 0.5, spread=0.1, segment=f"origin={LONG}"),
        season.record("shap_importance", "1", season.LAST, 0.5, window=1, column=LONG),
    ]
    return health(records=records, alerts=[season.alert(segment=LONG, summary=LONG, owner=LONG)])


def _model(name, state, owner="team:flight_operations", **changes):
    day = NOW.date() - dt.timedelta(days=1)
    trend = Trend(
        Leading("recall", 7, ""), day, {day - dt.timedelta(days=back): 0.4 for back in range(27, -1, -1)}
    )
    night = NightRecord(name, day, True, "", 1_000, ("1",), "r", NOW)  # noqa: FBT003  as the store has it
    version = VersionStanding(
        "1", "sound", "recall 0.48 [0.44, 0.52] over the 7 days to 16 July " * 4, day, day, trend
    )
    described = {
        "description": "",
        "note": "",
        "night": night,
        "alerts": FiringCount(3),
        "versions": [version, replace(version, version=LONG)],
        "current": True,
    }
    return ModelStanding(model=name, owner=owner, state=state, **(described | changes))


def _fleet(_health, _season):
    models = [_model(f"model_{state.replace(' ', '_')}", state) for state in GRAVEST_FIRST]
    models.append(
        _model(
            LONG,
            "overdue",
            owner="",
            note="no night has run since that of 2013-06-01; 50 nights are missing",
            current=False,
        )
    )
    links = Links("https://dagster.example", "https://mlflow.example", "https://reports.example")
    return render_fleet(models, now=NOW, links=links, page=lambda each: f"{each.model}.html")


PAGES = {
    "season": _season,
    "refused": _refused,
    "outcomes": _outcomes,
    "long names": _long_names,
    "fleet": _fleet,
}


@pytest.mark.parametrize("width", [390, 768, 1440])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_over_and_no_text_covers_another(show_html, health, season, name, width):
    page = show_html(PAGES[name](health, season), width=width)
    assert page.evaluate(LAYOUT) == []
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["season", "outcomes", "fleet"])
def test_every_text_has_enough_contrast(show_html, health, season, name, scheme):
    assert show_html(PAGES[name](health, season), scheme=scheme).evaluate(CONTRAST) == []


def test_the_page_of_all_models_filters_by_owner_and_state_and_keeps_that_in_its_address(show_html):
    html = render_fleet(
        [_model("a", "failing"), _model("b", "sound"), _model("c", "sound", owner="team:risk")],
        now=dt.datetime.now(dt.UTC),
        links=Links(),
        page=lambda _: "",
    )
    page = show_html(html)

    def shown():
        return page.locator(".model:visible h2").all_inner_texts()

    assert [name.split()[0] for name in shown()] == ["a", "b", "c"]
    page.select_option("select", "team:risk")
    assert [name.split()[0] for name in shown()] == ["c"]
    page.uncheck("input[value=sound]")
    assert shown() == []
    assert page.locator("#shown").inner_text() == "0 of 3 shown"
    again = show_html(html, fragment=page.url[page.url.index("#") :])
    assert again.locator(".model:visible").count() == 0
    assert again.locator("#old:visible").count() == 0
    assert page.complaints == again.complaints == []


def test_the_page_of_all_models_is_whole_without_scripts(show_html, health, season):
    page = show_html(_fleet(health, season), scripts=False)
    assert page.locator(".model:visible").count() == len(GRAVEST_FIRST) + 1
    assert page.locator("form:visible").count() == 0


def test_a_page_that_was_not_renewed_says_so(show_html, health, season):
    assert "days old" in show_html(_fleet(health, season)).locator("#old").inner_text()
