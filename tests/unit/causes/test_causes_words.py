"""Answers as people read them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from bench.causes.world import observed
from obs_dagster.causes.answer import Answer, Candidate, Effect, Link, Probability
from obs_dagster.causes.words import in_a_line, told_of
from obs_dagster.reports.causes import causes_section
from obs_dagster.reports.mlflow.listed import markdown

DAY = dt.date(2024, 11, 12)
PARTS = {each.name: each for each in observed()}
SURE = Probability(0.83, 0.61, 0.96)


@pytest.fixture
def answer():
    effect = Effect(
        Probability(0.79, 0.6, 0.9), Probability(0.04, 0.01, 0.1), Probability(0.09, 0.02, 0.2), (0.9, 1)
    )
    told = ["share of errors 14 %, usually 0.4 % on 2024-11-12"]
    service = Candidate(
        PARTS["service"], off=True, told=told, began=SURE, effect=effect, off_nights=12, together=10
    )
    little = Probability(0.002, 0.0, 0.01)
    schema = Candidate(
        PARTS["schema"], off=False, told=[], began=little, effect=None, off_nights=3, together=1
    )
    link = Link(PARTS["service"], PARTS["performance"], Probability(0.9, 0.72, 0.99), 0.97)
    return Answer(
        "flight_delay",
        DAY,
        DAY,
        PARTS["performance"],
        ["the rule recall_lost was in breach on 2024-11-12"],
        412,
        23,
        [service, schema],
        Probability(0.17, 0.02, 0.3),
        [link],
    )


def test_all_of_it_is_said(answer):
    assert list(told_of(answer)) == [
        "Performance was off on 2024-11-12: the rule recall_lost was in breach on 2024-11-12.",
        (
            "It most likely began with service health (share of errors 14 %, usually 0.4 % on 2024-11-12): "
            "83 % (61 to 96 %); else nothing that is known 17 %."
        ),
        "Failed or slow requests led to predictions that are worse: 90 % (72 to 99 %).",
        (
            "Had service health been as usual, the chance that performance was off would have been 4 % "
            "instead of 79 %; as the night was, it would be off all the same with 9 %."
        ),
        "Learned from 412 nights, with performance off on 23.",
    ]


def test_a_message_has_the_beginning_alone(answer):
    assert in_a_line(answer) == (
        "it most likely began with service health (83 %): share of errors 14 %, usually 0.4 % on 2024-11-12"
    )


def test_a_message_says_nothing_where_nothing_known_is_likelier(answer):
    assert in_a_line(replace(answer, alone=Probability(0.9, 0.8, 0.95))) == ""
    assert in_a_line(replace(answer, alone=None)) == ""
    assert in_a_line(Answer("flight_delay", DAY, DAY, None)) == ""


def test_that_nothing_was_off_is_said():
    assert list(told_of(Answer("flight_delay", DAY, DAY, None))) == ["Nothing was off on 2024-11-12."]


def test_nothing_else_that_was_off_is_said():
    answer = Answer("m", DAY, DAY, PARTS["drift"], (), 20, 1, (), None, (), "20 nights say too little")
    assert list(told_of(answer)) == [
        "Drift was off on 2024-11-12.",
        "Nothing that comes before it was off.",
        "Probabilities are not told: 20 nights say too little.",
        "20 nights are known, the same trouble in a row counted once, with drift off on 1.",
    ]
    # no heading says what the sentences below it do not know
    assert causes_section(answer).title == "Not known what began it: drift"


def test_the_table_has_every_candidate_and_nothing_that_is_known(answer):
    section = causes_section(answer)
    assert [row[0] for row in section.rows] == ["service health", "schema", "nothing that is known"]
    assert section.rows[0][1:6] == ("83 % (61 to 96 %)", "79 %", "4 %", "9 %", "10 of 12 nights")
    assert section.rows[1][6] == "not known"
    assert markdown([section]).startswith("## What began it: performance\n\nPerformance was off")


def test_without_probabilities_there_are_no_columns_of_them(answer):
    few = replace(answer.candidates[0], began=None, effect=None, off_nights=1, together=1)
    never = replace(answer.candidates[1], began=None, effect=None, off_nights=0, together=0)
    known = replace(answer, candidates=[few, never], alone=None, links=(), nights=1, reason="1 night says")
    section = causes_section(known)
    assert section.headings == ("Component", "Together before", "What was seen")
    assert [row[:2] for row in section.rows] == [
        ("service health", "1 of 1 night"),
        ("schema", "never off before"),
    ]
    assert "1 night is known" in section.note


def test_plain_values_are_all_of_it(answer):
    plain = answer.as_dict()
    assert plain["candidates"][0]["began"] == {"value": 0.83, "low": 0.61, "high": 0.96}
    assert plain["candidates"][0]["necessity"] == [0.9, 1]
    assert plain["candidates"][1]["chance"] is None
    assert plain["links"] == [
        {
            "cause": "service",
            "effect": "performance",
            "share": {"value": 0.9, "low": 0.72, "high": 0.99},
            "edge": 0.97,
        }
    ]
