from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.alerts import Alert, State
from obs_dagster.alerts.examples import with_examples
from obs_dagster.alerts.linked import linked
from obs_dagster.alerts.message import Message, compose, harmless, one_line
from obs_dagster.evaluation.examples import Example
from obs_dagster.links import NO_LINKS, Links

ALERT = Alert(
    id="0123456789",
    model="flight_delay",
    rule="recall_low",
    version="1",
    segment="origin=JFK",
    column="",
    metric="recall",
    window=7,
    severity="critical",
    owner="team:flights",
    summary="Compare the weather with the training data.",
    direction="below",
    threshold=0.15,
    state=State.FIRING,
    since=dt.date(2013, 7, 1),
    fired_day=dt.date(2013, 7, 3),
    last_day=dt.date(2013, 7, 3),
    resolved_day=None,
    value=0.04123,
    low=0.0312,
    high=0.0519,
    n=1_234,
    nights=3,
    note="",
    announced=True,
    firings=1,
    updated_at=dt.datetime(2013, 7, 4, 5, tzinfo=dt.UTC),
    run_id="run",
)
HOSTILE = "x\r\nBcc: all@example.com\x00\x1b[31m\u202e<!channel> `a` [b](https://evil.example)" + "y" * 999


def test_a_firing_alert_says_what_where_how_bad_since_when_and_what_to_do():
    message = compose(ALERT, "firing")
    assert message.title == (
        "[critical] flight_delay: recall_low fires for version 1, origin=JFK: recall 0.04123 is below 0.15"
    )
    assert message.body.splitlines() == [
        "FIRING (critical)",
        "",
        "model       flight_delay",
        "version     1",
        "segment     origin=JFK",
        "value       recall 0.04123 (95 % interval 0.0312 to 0.0519), 1,234 rows, 7 days up to 2013-07-03",
        "rule        recall_low: recall below 0.15",
        "since       2013-07-01, 3 breaching nights",
        "what to do  Compare the weather with the training data.",
        "owner       team:flights",
        "look        obs alerts show 0123456789",
        "report      obs report flight_delay --day 2013-07-03",
        "key         0123456789:firing:1",
    ]
    assert message.key == "0123456789:firing:1"
    assert message.details["segment"] == "origin=JFK"


LINKS = Links("https://dagster.example", "https://mlflow.example", "https://reports.example")


def test_a_message_leads_to_its_page_its_check_and_its_experiment():
    message = linked(compose(ALERT, "firing"), LINKS)
    experiments = "workflowType=machine_learning&experimentSearchFilter=obs%2Fflight_delay"
    assert message.body.splitlines()[-5:] == [
        "",
        "health page    https://reports.example/flight_delay-2013-07-03.html",
        "Dagster check  https://dagster.example/assets/flight_delay/alerts?view=checks&checkDetail=recall_low",
        f"MLflow         https://mlflow.example/#/experiments?{experiments}",
        "all models     https://reports.example/index.html",
    ]
    assert message.details["health_page_url"] == "https://reports.example/flight_delay-2013-07-03.html"
    assert message.key == compose(ALERT, "firing").key


@pytest.mark.parametrize(
    ("rule", "metric", "shown"),
    [
        ("day not evaluated", "quarantined_share", "data_quality?view=checks&checkDetail=evaluated"),
        ("shap_moved", "shap_share", "explanations?view=checks&checkDetail=shap_moved"),
    ],
)
def test_a_check_is_linked_where_it_is_shown(rule, metric, shown):
    message = linked(compose(replace(ALERT, rule=rule, metric=metric), "firing"), LINKS)
    assert message.details["dagster_check_url"].endswith(f"/assets/flight_delay/{shown}")


def test_a_failed_run_leads_to_its_log():
    failed = Message("r:failed", "firing", "critical", "t", "b", {"model": "m", "run_id": "r"})
    assert linked(failed, LINKS).details["dagster_run_url"] == "https://dagster.example/runs/r"


def test_without_addresses_a_message_stays_as_it_is():
    message = compose(ALERT, "firing")
    assert linked(message, NO_LINKS) is message


def test_the_end_of_an_alert_says_when_and_why():
    over = replace(
        ALERT,
        state=State.RESOLVED,
        resolved_day=dt.date(2013, 7, 9),
        segment="*",
        column="dep_delay",
        nights=1,
        window=1,
        low=None,
        value=0.31,
        note="Why.",
    )
    message = compose(over, "resolved")
    assert message.title == (
        "[resolved] flight_delay: recall_low no longer fires for version 1, column dep_delay"
    )
    lines = message.body.splitlines()
    assert lines[0] == "RESOLVED (critical)"
    assert "over     2013-07-09" in lines
    assert "note     Why." in lines
    assert "segment  all rows" in lines
    assert "value    recall 0.31, 1,234 rows, 1 day up to 2013-07-03" in lines
    assert "since    2013-07-01, 1 breaching night" in lines
    assert not any("JFK" in line or "origin" in line for line in lines)
    assert "what to do" not in message.body


def test_each_opening_of_an_alert_has_keys_of_its_own():
    again = replace(ALERT, firings=2)
    keys = {compose(alert, event).key for alert in (ALERT, again) for event in ("firing", "resolved")}
    assert len(keys) == 4


@pytest.mark.parametrize("field", ["version", "segment", "column"])
def test_hostile_names_neither_forge_lines_nor_address_anybody(field):
    plain = compose(replace(ALERT, column="c"), "firing")
    message = compose(replace(ALERT, **{"column": "c", field: HOSTILE}), "firing")
    assert "\n" not in message.title
    assert len(message.title) < 300
    assert len(message.body.splitlines()) == len(plain.body.splitlines())
    for text in (message.title, message.body):
        assert not any(mark in text for mark in ("<", ">", "@", "`", "://", "\x00", "\x1b", "\u202e", "\r"))


@given(st.text())
def test_any_name_becomes_one_short_line(name):
    text = harmless(name)
    assert len(text) <= 120
    assert text == one_line(text)
    assert all(character == " " or unicodedata.category(character)[0] not in "CZ" for character in text)
    assert not set("<>@`[]") & set(text)
    assert "://" not in text


@given(st.text("abcXYZ019_-=.,%é", max_size=80))
def test_usual_names_stay_as_they_are(name):
    assert harmless(name) == name


def test_what_moved_stands_in_title_body_and_details():
    drift = replace(ALERT, metric="psi", direction="above", column="amount", segment="*")
    moved = "median 13.4 → 13,380, × 1000: a change of unit? (training baseline → 3 July 2013)"  # noqa: RUF001
    message = compose(drift, "firing", moved)
    assert message.title.endswith(f"; {moved}")
    assert f"moved       {moved}" in message.body.replace("\n", "\n")
    assert message.details["moved"] == moved
    assert "moved" not in compose(drift, "firing").details


@pytest.mark.parametrize("hostile", HOSTILE if isinstance(HOSTILE, list) else [HOSTILE])
def test_categories_that_moved_cannot_act_in_a_chat(hostile):
    message = compose(replace(ALERT, column="c"), "firing", f"'{hostile}' 0.0 % → 31 %")
    assert "\n" not in message.title
    assert not set("<>[]`@") & set(message.title.partition("; ")[2])


def test_a_message_names_requests_that_show_what_it_is_about_with_their_traces():
    message = compose(ALERT, "firing")
    wrong = Example("most wrong", "1", "id-7", "0af7", "score 0.99, label <@all>")
    links = Links(traces="https://jaeger.example/trace/{trace_id}")
    shown = with_examples(message, [wrong], links)
    line = "score 0.99, label ((at)all) (most wrong), id-7: https://jaeger.example/trace/0af7"
    assert shown.body == f"{message.body}\n\nfor example\n  {line}"
    assert shown.facts["for example"] == line
    assert (shown.details["example_ids"], shown.details["example_traces"]) == ("id-7", "0af7")
    assert with_examples(message, [], links) is message
    assert with_examples(message, [wrong], NO_LINKS).body.endswith("id-7: trace 0af7")
