"""What notebooks ask for, of a home that was run; and the notebook that shows it."""

import datetime as dt
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

import obs_dagster as obs
from obs_dagster.errors import ObsError

DOCS = Path(__file__).parents[2] / "docs"
MODEL = "loan_default"


@pytest.fixture
def home(ran, monkeypatch):
    made, _ = ran
    monkeypatch.setenv("OBS_HOME", str(made.root))
    monkeypatch.setenv("OBS_MONITORS", str(made.monitors))
    return made


def test_importing_it_imports_nothing_of_weight():
    told = (
        "import sys, obs_dagster; print(*{'pyarrow', 'pydantic', 'pandas', 'sqlalchemy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == ""


def test_metrics_are_those_of_the_command_line(home):
    found = obs.metrics(MODEL, metric="volume", segment="*", version="1", first="2024-03-02")
    printed = json.loads(
        home.obs(
            *("metrics", MODEL, "--metric", "volume", "--segment", "*", "--version", "1"),
            *("--from", "2024-03-02", "--format", "json"),
        ).stdout
    )
    assert [(str(day), value) for day, value in zip(found["day"], found["value"], strict=True)] == [
        (each["day"], each["value"]) for each in printed
    ]


def test_alerts_are_listed_of_one_model_or_of_all(home):
    assert list(obs.alerts()["rule"]) == list(obs.alerts(MODEL)["rule"]) == ["busy"]
    assert obs.alerts(MODEL, state="resolved").empty


def test_a_profile_says_how_values_are_distributed(home):
    found = obs.profile(MODEL, dt.date(2024, 3, 1)).set_index("column")
    assert {"income", "region", "score"} <= set(found.index)
    assert found.loc["income", "median"] == pytest.approx(3_000, rel=0.02)
    assert found.loc["income", "std"] == pytest.approx(500, rel=0.1)
    assert found.loc["region", "distinct"] == 2
    assert 0.5 <= found.loc["region", "top_share"] < 0.6


def test_a_day_is_compared_with_the_baseline_or_another_day(home):
    stored = obs.metrics(MODEL, metric="psi", segment="*", window=1, first="2024-03-03").set_index("column")
    baseline = obs.compare(MODEL, "baseline", "2024-03-03").set_index("column")
    assert baseline.loc["income", "psi"] == pytest.approx(stored.loc["income", "value"])
    same = obs.compare(MODEL, "2024-03-03", "2024-03-03", column=["income", "region"], frame="arrow")
    assert same["psi"].to_pylist() == [0, 0]
    assert same["rows_before"].to_pylist() == same["rows_after"].to_pylist() == [400, 400]


def test_the_quarantine_is_empty_where_nothing_broke(home):
    found = obs.quarantine(MODEL, "2024-03-01")
    assert found.empty
    assert {"income", "region", "rules"} <= set(found.columns)


@pytest.mark.skipif(importlib.util.find_spec("polars") is not None, reason="it is installed")
def test_without_polars_it_says_what_else_there_is(home):
    with pytest.raises(ObsError, match='frame="pandas"'):
        obs.metrics(MODEL, metric="volume", frame="polars")


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: obs.metrics("loan"), r"There are: loan_default\."),
        (lambda: obs.metrics(MODEL, metric="recal"), r"metric named 'recal'. Did you mean 'recall'\?"),
        (lambda: obs.metrics(MODEL, version="2"), r"version named '2'. There are: \*, 1\."),
        (lambda: obs.metrics(MODEL, segment="region=nort"), r"Did you mean 'region=north'\?"),
        (lambda: obs.profile(MODEL, "2024-03-01", column="incom"), r"Did you mean 'income'\?"),
        (lambda: obs.profile(MODEL, "2024-03-01", version="2"), r"There are: 1\."),
        (lambda: obs.profile(MODEL, "2024-03-09"), "nights of 2024-03-01 to 2024-03-03"),
        (lambda: obs.quarantine(MODEL, "March"), "not a day. Write it as YYYY-MM-DD"),
        (lambda: obs.compare(MODEL, "2023-01-01", "2024-03-01"), "no night of 2023-01-01"),
        (lambda: obs.alerts(state="fired"), "There are: firing, pending, resolved"),
        (lambda: obs.alerts(frame="excel"), "There are: arrow, pandas, polars"),
    ],
)
def test_an_error_says_what_there_is(home, ask, told):
    with pytest.raises(ObsError, match=told):
        ask()


def test_the_example_notebook_runs_and_is_kept_without_outputs(home):
    notebook = json.loads((DOCS / "notebooks" / "what_happened.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells)
    sources = ["".join(cell["source"]) for cell in cells]
    assert sources[0] == 'MODEL = "flight_delay"'
    names = {"MODEL": MODEL}
    for source in sources[1:]:
        exec(source, names)  # noqa: S102  it is ours
    assert str(names["latest"]) == "2024-03-03"
    assert set(names["moved"]["column"]) >= {"income", "region", "score"}


def test_every_function_is_documented():
    documented = (DOCS / "python.md").read_text(encoding="utf-8")
    assert [name for name in obs.__all__ if not name.startswith("_") and f"`{name}(" not in documented] == []
