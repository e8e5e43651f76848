import datetime as dt

from assets.links import day_links

DAY = dt.date(2013, 7, 21)


def test_only_places_that_settings_name_are_linked(monkeypatch):
    monkeypatch.setenv("OBS_MLFLOW_URL", "")
    monkeypatch.setenv("OBS_REPORTS_URL", "https://reports.example/")
    assert {name: value.value for name, value in day_links("m", DAY).items()} == {
        "health page": "https://reports.example/m-2013-07-21.html"
    }
    monkeypatch.delenv("OBS_REPORTS_URL")
    assert day_links("m", DAY) == {}
