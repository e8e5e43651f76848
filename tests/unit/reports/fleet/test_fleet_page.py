"""The page of all models: what it says, and what it never does."""

import base64
import datetime as dt
import hashlib
import re

from obs_dagster.alerts import FiringCount
from obs_dagster.fleet import GRAVEST_FIRST, ModelStanding, VersionStanding
from obs_dagster.fleet.trend import Leading, Trend
from obs_dagster.history import NightRecord
from obs_dagster.links import NO_LINKS, Links
from obs_dagster.reports.fleet import render_fleet, stale_pages, write_page

NOW = dt.datetime(2024, 3, 31, 6, tzinfo=dt.UTC)
DAY = dt.date(2024, 3, 30)
NIGHT = NightRecord("m", DAY, True, "", 100, ("1",), "r", NOW)  # noqa: FBT003  as the store has it


def standing(model="m", state="sound", status="sound", **changes):
    values = {DAY - dt.timedelta(days=back): 0.5 + back / 100 for back in range(27, -1, -1) if back != 9}
    described = {
        "model": model,
        "description": "",
        "owner": "team:risk",
        "state": state,
        "note": "",
        "night": NIGHT,
        "alerts": FiringCount(0),
        "versions": [
            VersionStanding(
                "1", status, "why it is so", DAY, DAY, Trend(Leading("recall", 7, ""), DAY, values)
            )
        ],
        "current": True,
    }
    return ModelStanding(**(described | changes))


def page(*fleet, links=NO_LINKS, href=""):
    return render_fleet(list(fleet), now=NOW, links=links, page=lambda _: href)


def test_names_from_anywhere_are_text():
    hostile = "<img src=x onerror=alert(1)>\"'</script><script>alert(1)</script>"
    html = page(
        standing(
            owner=hostile, note=hostile, versions=[VersionStanding(hostile, "sound", hostile, DAY, DAY, None)]
        )
    )
    assert "<img src=x" not in html
    assert html.count("<script>") == 1


def test_only_the_script_of_the_page_may_run():
    html = page(standing())
    (script,) = re.findall("<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in html


def test_what_is_not_of_the_night_that_was_due_is_never_green():
    html = page(standing(state="overdue", note="no night has run since", current=False))
    rows = html[html.index('<ol class="models">') :]
    assert "badge sound" not in rows
    assert "was sound" in rows
    assert "no night has run since" in rows


def test_rows_lead_to_the_page_of_the_night_to_dagster_and_to_mlflow():
    links = Links("https://dagster.example", "https://mlflow.example")
    html = page(standing(), links=links, href="m-2024-03-30.html")
    assert '<a href="m-2024-03-30.html">m</a>' in html
    assert "https://dagster.example/assets/m/alerts?view=partitions&amp;partition=2024-03-30" in html
    assert "https://mlflow.example/#/experiments?workflowType=machine_learning" in html
    assert "experimentSearchFilter=obs%2Fm" in html
    assert "<a" not in page(standing())


def test_a_trend_is_not_drawn_across_days_without_a_value():
    (path,) = re.findall(r'<path d="(M[^"]+)"/><circle', page(standing()))
    assert path.count("M") == 2
    assert path.count("L") == 25


def test_two_hundred_models_are_a_small_page():
    fleet = [standing(f"model_{number}", GRAVEST_FIRST[number % 6]) for number in range(200)]
    html = page(*fleet)
    assert len(html) < 500_000
    assert html.count('data-state="') == 200


def test_health_pages_that_are_missing_or_older_than_their_night_are_stale_and_not_linked(tmp_path):
    fleet = [standing(), standing("young", night=None)]
    assert list(stale_pages(fleet, tmp_path)) == [fleet[0]]
    file = tmp_path / "index.html"
    write_page(fleet, file, tmp_path, links=NO_LINKS, now=NOW)
    assert "<a" not in file.read_text(encoding="utf-8")
    (tmp_path / "m-2024-03-30.html").write_text("page", encoding="utf-8")
    assert list(stale_pages(fleet, tmp_path)) == []
    write_page(fleet, file, tmp_path, links=NO_LINKS, now=NOW)
    assert '<a href="m-2024-03-30.html">m</a>' in file.read_text(encoding="utf-8")
    elsewhere = tmp_path / "other" / "all.html"
    write_page(fleet, elsewhere, tmp_path, links=Links(reports="https://pages.example"), now=NOW)
    assert "https://pages.example/m-2024-03-30.html" in elsewhere.read_text(encoding="utf-8")
