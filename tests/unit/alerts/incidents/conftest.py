"""Suspects of made records."""

import pytest

from obs_dagster.alerts.incidents.evidence import Evidence
from obs_dagster.alerts.incidents.incident import list_incidents
from obs_dagster.alerts.incidents.suspects import ranked


@pytest.fixture
def suspects(store):
    """Those of the oldest incident, as kind and what it is about."""

    def suspects():
        with store.reading() as connection:
            incident = list_incidents(store)[-1]
            found = ranked(incident, Evidence.of(connection, incident), lambda _: "", ())
        return [(each.kind, each.about) for each in found]

    return suspects
