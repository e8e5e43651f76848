"""`obs explain`: one prediction in a terminal, as JSON and as a page."""

import datetime as dt
import json

import pytest
from typer.testing import CliRunner

from jobs.cli import explain
from jobs.cli.app import app
from obs_dagster.explain.counterfactual import Change, Counterfactual
from obs_dagster.explain.prediction_explained import Contribution, Neighbour, PredictionExplained

FOUND = PredictionExplained(
    model="loan_default",
    version="3",
    day=dt.date(2024, 3, 2),
    prediction_id="a-17",
    output="Score",
    logged=0.71,
    score=0.71,
    decision="positive",
    unit="log-odds",
    method="TreeSHAP",
    base_value=-1.0,
    residual=0.0,
    contributions=(
        Contribution("income", 12.5, 1.5),
        Contribution("[job]", None, 0.395),
        *(Contribution(f"more_{place}", place, 0.0) for place in range(6)),
    ),
    background="baseline",
    unlike=0.97,
    nearest=(
        Neighbour(
            0.125,
            0.4,
            "negative",
            {"income": 14.0, "[job]": "[red]", **{f"more_{place}": place for place in range(6)}},
        ),
    ),
    counterfactual=Counterfactual((Change("income", 12.5, 31.0),), 0.2, 0, "negative"),
    remarks=("The row is far from all others.",),
)


@pytest.fixture
def asked(monkeypatch):
    """What was asked for; the lake and the registry answer with one prediction."""
    calls = []
    monkeypatch.setattr(explain, "find_monitor", lambda name: name)
    monkeypatch.setattr(
        "obs_dagster.explain.find_prediction.find_prediction",
        lambda *args, **more: calls.append((args[:2], more)),
    )
    monkeypatch.setattr("obs_dagster.explain.prediction.explain_prediction", lambda *_, **__: FOUND)
    return calls


def obs(*arguments):
    return CliRunner().invoke(app, ["explain", "loan_default", "a-17", *arguments], catch_exceptions=False)


def test_the_json_is_whole(asked):
    done = obs("--json", "--version", "3")
    assert PredictionExplained.from_json(json.loads(done.stdout)) == FOUND
    assert asked == [(("loan_default", "a-17"), {"day": None, "version": "3"})]


def test_the_terminal_tells_it_in_words_and_names_are_no_markup(asked, capsys, tmp_path):
    page = tmp_path / "page.html"
    explain.explain("loan_default", "a-17", page=page)
    told = " ".join(capsys.readouterr().out.split())
    assert "Score 0.71: positive" in told
    assert "The row is far from all others." in told
    assert "the output is -1 log-odds; the features move it to 0.895" in told
    assert "[job] missing +0.395" in told
    assert "It would be negative (0.2) with income: 31 instead of 12.5" in told
    assert "97% of the baseline's rows have a nearer neighbour" in told
    assert "[red]" in told
    assert "2 more features" in told
    assert "It would be negative" in page.read_text()


def test_where_no_change_is_known_it_says_why(asked, monkeypatch, capsys):
    import dataclasses

    none = Counterfactual(reason="a predicted number is no decision")
    found = dataclasses.replace(FOUND, counterfactual=none, decision="")
    monkeypatch.setattr("obs_dagster.explain.prediction.explain_prediction", lambda *_, **__: found)
    explain.explain("loan_default", "a-17")
    assert "No change that leads to another decision: a predicted number" in " ".join(
        capsys.readouterr().out.split()
    )
