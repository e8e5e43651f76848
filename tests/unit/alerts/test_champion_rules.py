"""What people are told of groups and of champions: in words, out of the night's records."""

import datetime as dt
import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from obs_dagster.alerts import list_alerts
from obs_dagster.alerts.incidents.evidence import Evidence
from obs_dagster.alerts.incidents.incident import list_incidents
from obs_dagster.alerts.incidents.likely import words
from obs_dagster.alerts.incidents.suspects import ranked
from obs_dagster.alerts.moved import of_record
from obs_dagster.history.alert_tables import OUTBOX
from obs_dagster.metrics.record import MetricRecord

BETTER = {"name": "challenger_better", "metric": "recall", "better_than": "champion", "severity": "info"}
WORSE = {"name": "challenger_worse", "metric": "recall", "worse_than": "champion"}
FAIR = {"name": "four_fifths", "metric": "demographic_parity_ratio", "below": 0.8}
OTHERS = "version 1, its champion: 0.71 and 0.66 on the same days, after 28 days"


@pytest.fixture
def said(store, day):
    """Writes a night's record with what it says beside its value."""

    def said(number, given, reason, **about):
        value, low, high = given or (None, None, None)
        fields = {"version": "1", "segment": "*", "column": "", "window": 1, "n": 1_000, "error": 0.0} | about
        record = MetricRecord(
            model="flight_delay",
            definition=f"{fields['metric']}/1",
            day=day(number),
            value=value,
            low=low,
            high=high,
            reason=reason,
            computed_at=dt.datetime(2013, 8, 1, tzinfo=dt.UTC),
            run_id="run",
            **fields,
        )
        store.replace_metrics([record], model=record.model, days=[record.day], metrics={record.metric})

    return said


def titles(store):
    with store.reading() as connection:
        rows = connection.execute(select(OUTBOX.c.notification).order_by(OUTBOX.c.id)).scalars()
        return [(json.loads(row) if isinstance(row, str) else row)["title"] for row in rows]


@pytest.mark.parametrize("known", ["better than", "worse than"])
def test_a_challenger_that_is_known_to_differ_is_told_in_words(store, said, evaluate, known):
    rule, value = {
        "better than": (BETTER, (0.05, 0.02, 0.08)),
        "worse than": (WORSE, (-0.05, -0.08, -0.02)),
    }[known]
    said(1, value, f"{known} {OTHERS}", metric="recall_beside_champion", version="2")
    evaluate(1, BETTER, WORSE)
    [alert] = list_alerts(store)
    assert (alert.rule, alert.version, alert.threshold) == (rule["name"], "2", 0.0)
    assert titles(store) == [
        f"[{alert.severity}] flight_delay: {rule['name']} fires for version 2: recall {known} {OTHERS}"
    ]


@pytest.mark.parametrize("value", [(0.05, -0.01, 0.11), (-0.05, -0.11, 0.01), None])
def test_what_is_not_known_fires_nothing(store, said, evaluate, value):
    said(1, value, "3 days in common; 7 are needed", metric="recall_beside_champion", version="2")
    evaluate(1, BETTER, WORSE)
    assert list_alerts(store) == []


def test_an_alert_on_fairness_names_the_groups(store, said, evaluate):
    said(1, (0.6, 0.5, 0.7), "sex=F 30 %, sex=M 50 %", metric="demographic_parity_ratio", column="sex")
    evaluate(1, FAIR)
    [alert] = list_alerts(store)
    with store.reading() as connection:
        assert of_record(connection, alert) == "sex=F 30 %, sex=M 50 %"
    [title] = titles(store)
    assert title == (
        "[warning] flight_delay: four_fifths fires for version 1, column sex: "
        "demographic_parity_ratio 0.6 is below 0.8; sex=F 30 %, sex=M 50 %"
    )


def test_an_incident_with_an_alert_on_fairness_names_the_groups_once(store, said, evaluate):
    said(1, (0.6, 0.5, 0.7), "sex=F 30 %, sex=M 50 %", metric="demographic_parity_ratio", column="sex")
    evaluate(1, FAIR)
    [incident], [alert] = list_incidents(store), list_alerts(store)
    with store.reading() as connection:
        suspects = ranked(incident, Evidence.of(connection, incident), lambda _: "", ())
    assert [(each.kind, each.about, each.evidence) for each in suspects] == [
        ("group", "sex", "sex: sex=F 30 %, sex=M 50 %")
    ]
    # the alert itself has said so; one of recall in the same incident has not
    assert not words(alert, suspects)
    assert "sex=F" in words(replace(alert, rule="recall_low", column=""), suspects)


def test_rules_say_in_words_what_they_watch(monitor):
    better, worse = monitor(BETTER, WORSE).alerts
    assert (better.condition, worse.condition) == (
        "recall better than the champion's",
        "recall worse than the champion's",
    )
    assert (better.metric, better.direction, worse.direction) == ("recall_beside_champion", "above", "below")
