"""What days do anyway explains little: the column of a rule, and one that evidence speaks of, come first."""

from __future__ import annotations

import datetime as dt

import pytest

from obs_dagster.alerts.incidents.evidence import Evidence
from obs_dagster.alerts.incidents.incident import list_incidents
from obs_dagster.alerts.incidents.story import story_of
from obs_dagster.alerts.incidents.suspects import ranked

RECALL = {"name": "recall_low", "metric": "recall", "below": 0.5}
MOVED = {"name": "moved", "metric": "psi", "above": 0.2, "columns": ["origin"]}
ROWS = {"name": "repeats", "metric": "duplicate_share", "above": 0.05}
FEWER = {"name": "fewer", "metric": "volume", "below": 500}
CONCEPT = {"name": "concept", "metric": "concept_shift", "above": 0.1, "window": 1}
QUIET = [0.01, 0.02, 0.01, 0.02, 0.01]


def nights(evaluate, *rules, last=6):
    for number in range(1, last + 1):
        evaluate(number, *rules)


def test_a_column_that_evidence_speaks_of_comes_before_one_that_moved_farther_as_days_do(
    write, evaluate, suspects
):
    write([0.7] * 5 + [0.3])
    write([*QUIET, 3.0], metric="psi", column="dep_delay")
    write([*QUIET, 0.15], metric="psi", column="origin")
    write([0.0] * 6, metric="break_evidence", column="dep_delay")
    write([0.0] * 5 + [2.5], metric="break_evidence", column="origin")
    nights(evaluate, RECALL)
    assert suspects()[:2] == [("column", "origin"), ("column", "dep_delay")]


def test_the_column_of_a_rule_comes_before_others(write, evaluate, suspects):
    write([*QUIET, 0.3], metric="psi", column="origin")
    write([*QUIET, 3.0], metric="psi", column="dep_delay")
    nights(evaluate, MOVED)
    assert suspects()[:2] == [("column", "origin"), ("column", "dep_delay")]


@pytest.mark.parametrize(
    ("rule", "version", "values", "first"),
    [
        (ROWS, "*", [*QUIET, 0.3], "repeated"),
        (FEWER, "1", [1000, 1010, 990, 1005, 995, 300], "traffic"),
    ],
)
def test_no_column_explains_rows_that_repeat_or_lack(request, rule, version, values, first):
    write, suspects = request.getfixturevalue("write"), request.getfixturevalue("suspects")
    write(values, metric=rule["metric"], version=version)
    write([*QUIET, 3.0], metric="psi", column="dep_delay")
    nights(request.getfixturevalue("evaluate"), rule)
    assert suspects()[0] == (first, "")
    assert ("column", "dep_delay") in suspects()


def test_scores_that_are_not_the_models_explain_what_columns_do_not(write, evaluate, suspects):
    write([0.7] * 5 + [0.3])
    write([*QUIET, 0.4], metric="score_mismatch_share")
    write([*QUIET, 3.0], metric="psi", column="dep_delay")
    nights(evaluate, RECALL)
    assert suspects()[0] == ("output", "")


def test_of_a_changed_concept_only_columns_that_surely_moved_come_first(write, evaluate, suspects):
    write([*QUIET, 0.5], metric="concept_shift")
    write([*QUIET, 1.0], metric="psi", column="dep_delay")
    write([0.0] * 6, metric="drift_evidence", column="dep_delay")
    nights(evaluate, CONCEPT)
    assert suspects()[0] == ("concept", "1")


def test_what_joins_an_incident_later_has_suspects_of_its_own(write, evaluate, store):
    """A recall that was lost for weeks does not explain why a column broke tonight."""
    write([0.7] * 5 + [0.3] * 20)
    write([*QUIET, *[3.0] * 20], metric="psi", column="dep_delay")
    write([0.01, 0.02] * 12 + [0.9], metric="psi", column="origin")
    nights(evaluate, RECALL, MOVED, last=25)
    [incident] = list_incidents(store)
    assert incident.nights == [dt.date(2013, 7, 6), dt.date(2013, 7, 25)]

    def first(part):
        with store.reading() as connection:
            return ranked(part, Evidence.of(connection, part), lambda _: "", ())[0].about

    assert first(incident) == "dep_delay"
    assert first(incident.of_night(incident.nights[1])) == "origin"
    assert incident.of_night(None) == incident.of_night(dt.date(2013, 7, 7)) == incident
    [of_later] = [each for each in story_of(store, incident).suspects if each.startswith("of what joined")]
    assert of_later.startswith("of what joined on 2013-07-25 (moved): origin moved")
