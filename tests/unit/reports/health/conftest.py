import datetime as dt

import pytest

from obs_dagster.reports.health import HealthInput, render_health


@pytest.fixture
def render(season):
    """The page of the season, with what a test changes."""

    def render(**changes):
        described = {
            "monitor": season.monitor(),
            "records": season.records(),
            "alerts": season.alerts(),
            "nights": season.nights(),
            "day": season.LAST,
            "generated_at": dt.datetime(2013, 7, 22, 5, tzinfo=dt.UTC),
            "run_id": "3f1c9a52",
        }
        return render_health(HealthInput(**(described | changes)))

    return render
