"""Questions to nights: what is told, what is not, and what nights have to have for it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from bench.causes.world import FIRST, as_nights, observed
from obs_dagster.causes.asked import LEAST_NIGHTS, LEAST_OFF, Asked, Question
from obs_dagster.causes.words import told_of

NAMES = [each.name for each in observed()]
ONE = dt.timedelta(days=1)


def nights(number=200, *, outages=(), errors=(), lost=(), unknown=()):
    """Nights on which an outage makes data errors, and these make predictions worse."""
    states = np.zeros((number, len(NAMES)), dtype=np.int8)
    for name, days in {"service": outages, "data_quality": errors, "performance": lost}.items():
        states[list(days), NAMES.index(name)] = 1
    for name in unknown:
        states[:, NAMES.index(name)] = -1
    return states


#: Outages every fifteen nights: of ten, nine make data errors, and of these eight are felt.
OUTAGES = tuple(range(5, 150, 15))
ERRORS = (*OUTAGES[1:], 33, 77)
LOST = (*OUTAGES[2:], 33, 110)


@pytest.fixture
def ask():
    """The answer about a night on which some components are off, after others."""

    def ask(states, *off, of="performance", unknown=(), **known):
        tonight = np.zeros((1, len(NAMES)), dtype=np.int8)
        for name in (*off, of):
            tonight[0, NAMES.index(name)] = 1
        for name in unknown:
            tonight[0, NAMES.index(name)] = -1
        every = as_nights(np.concatenate([states, tonight]))
        day = every.days[-1]
        return Asked("flight_delay", every, Question(day, day, of), **known).answer()

    return ask


def began(answer):
    return {each.component.name: each.began.value for each in answer.candidates if each.began}


def test_an_outage_is_where_it_began_and_data_errors_are_how(ask):
    answer = ask(nights(outages=OUTAGES, errors=ERRORS, lost=LOST), "service", "data_quality")
    assert answer.reason == ""
    assert next(iter(began(answer))) == "service"
    assert began(answer)["service"] > 0.7
    assert sum(began(answer).values()) + answer.alone.value == pytest.approx(1.0)
    links = {(each.cause.name, each.effect.name): each.share.value for each in answer.links}
    assert links["service", "data_quality"] > 0.8
    [service] = [each for each in answer.candidates if each.component.name == "service"]
    assert service.effect.otherwise.value < 0.1
    assert service.effect.chance.value > 0.6
    assert service.effect.all_the_same.value < 0.3
    assert service.began.low < service.began.value < service.began.high


def test_data_errors_without_an_outage_are_their_own_doing(ask):
    answer = ask(nights(outages=OUTAGES, errors=ERRORS, lost=LOST), "data_quality")
    assert began(answer)["data_quality"] > 0.6
    assert "service" not in began(answer)


def test_what_was_not_seen_is_taken_both_ways(ask):
    states = nights(outages=OUTAGES, errors=ERRORS, lost=LOST)
    answer = ask(states, "data_quality", unknown=("service",))
    seen = ask(states, "data_quality", "service")
    assert 0.2 < began(answer)["service"] < began(seen)["service"]
    [service] = [each for each in answer.candidates if each.component.name == "service"]
    assert (service.off, service.effect) == (False, None)


def test_a_first_outage_is_named_without_a_probability(ask):
    answer = ask(nights(errors=ERRORS, lost=LOST), "service", "data_quality")
    assert answer.alone is None
    assert [each.component.name for each in answer.candidates] == ["service", "data_quality"]
    assert all(each.began is None for each in answer.candidates)
    told = " ".join(told_of(answer))
    assert f"too few nights before had the same off (service health 0; it takes {LEAST_OFF})" in told
    assert "Service health was off on no night before." in told
    assert "Data quality was off on 11 nights before, performance with it on 9 of these." in told
    assert "%" not in told


def test_few_nights_say_nothing(ask):
    answer = ask(nights(LEAST_NIGHTS - 1, outages=OUTAGES[:4]), "service")
    assert f"{LEAST_NIGHTS - 1} nights say too little" in answer.reason
    assert answer.candidates[0].component.name == "service"


def test_a_fault_that_lasts_is_one_observation():
    states = nights(100, outages=range(10, 40), lost=range(10, 40))
    known = as_nights(states)
    learned = known.informative(known.days[-1] + ONE)
    assert (len(learned), int(learned[:, NAMES.index("service")].sum())) == (71, 1)


def test_what_was_hardly_ever_known_is_left_out_and_said(ask):
    states = nights(outages=OUTAGES, errors=ERRORS, lost=LOST, unknown=("upstream", "labels"))
    states[:20, NAMES.index("labels")] = 0
    answer = ask(states, "service", "data_quality", unknown=("upstream",))
    assert answer.alone is not None
    assert answer.unknown == ["too little is known of labels to be part of it"]


def test_a_component_that_is_off_and_was_never_known_leaves_no_probabilities(ask):
    states = nights(outages=OUTAGES, errors=ERRORS, lost=LOST, unknown=("upstream",))
    answer = ask(states, "upstream", "data_quality")
    assert answer.reason == "too few nights are known of upstream assets"
    assert [each.component.name for each in answer.candidates] == ["upstream", "data_quality"]


def test_what_the_monitor_forbids_is_no_cause(ask):
    states = nights(outages=OUTAGES, errors=ERRORS, lost=LOST)
    plain = ask(states, "service", "data_quality")
    answer = ask(states, "service", "data_quality", forbidden=[("service", "data_quality")])
    assert began(answer)["service"] < began(plain)["service"]
    assert all(each.cause.name != "service" or each.effect.name != "data_quality" for each in answer.links)


def test_an_answer_is_the_same_whenever_it_is_asked(ask):
    states = nights(outages=OUTAGES, errors=ERRORS, lost=LOST)
    assert ask(states, "service").as_dict() == ask(states, "service").as_dict()


def test_days_that_may_have_led_to_it_are_looked_at_together():
    states = nights(outages=(150, *OUTAGES), errors=ERRORS, lost=LOST)
    states[152, NAMES.index("performance")] = 1
    known = as_nights(states)
    question = Question(FIRST + 149 * ONE, FIRST + 152 * ONE, "performance")
    answer = Asked("flight_delay", known, question).answer()
    assert "service" in [each.component.name for each in answer.candidates]
    # what is asked about is no part of what is learned
    assert answer.nights == 149


def test_what_another_program_gets_are_the_nights_the_likely_graph_and_the_question(ask):
    states = nights(outages=OUTAGES, errors=ERRORS, lost=LOST)
    tonight = np.zeros((1, len(NAMES)), dtype=np.int8)
    tonight[0, [NAMES.index(name) for name in ("service", "data_quality", "performance")]] = 1
    every = as_nights(np.concatenate([states, tonight]))
    payload = Asked("m", every, Question(every.days[-1], every.days[-1], "performance")).as_payload(0.5)
    assert payload["last"] == "performance"
    assert ["service", "data_quality"] in payload["edges"]
    assert len(payload["rows"]) == len(states)
    assert payload["causes"]["data_quality"]["service"] == 1
    assert "data_quality" not in payload["causes"]["service"]
