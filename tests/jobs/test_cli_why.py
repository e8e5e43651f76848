"""`obs why` of models of all kinds: what it prints, and what it says where there is nothing to take apart."""

import datetime as dt
import json

import pytest
from typer.testing import CliRunner

from jobs.cli.app import app
from jobs.cli.console import ERRORS, OUTPUT
from obs_dagster.history import History
from obs_dagster.metrics.record import Estimate

DAY = dt.date(2024, 3, 4)
DAYS = [DAY + dt.timedelta(days=number) for number in range(4)]


@pytest.fixture
def obs(monkeypatch, tmp_path):
    """Runs a command on a small world: what it printed, and its exit code."""
    for name in ("OBS_DATABASE_URL", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    for console in (OUTPUT, ERRORS):
        monkeypatch.setattr(console, "_width", 300)

    def asked(world, *args):
        folder = tmp_path / "monitors"
        folder.mkdir(exist_ok=True)
        keys = world.keys | world.changes
        for section in ("logs", "labels", "baseline"):
            if keys.get(section) and "path" in keys[section]:
                keys[section] = keys[section] | {"path": str(world.root / keys[section]["path"])}
        # JSON is YAML
        (folder / "small.yaml").write_text(
            json.dumps({name: of for name, of in keys.items() if of is not None})
        )
        monkeypatch.setenv("OBS_HOME", str(world.root))
        monkeypatch.setenv("OBS_MONITORS", str(folder))
        done = CliRunner().invoke(app, ["why", "small", *args], catch_exceptions=True)
        # what `main` prints of an error
        failure = "" if isinstance(done.exception, SystemExit) else str(done.exception or "")
        return done.stdout + failure, done.exit_code

    return asked


def with_shift(world, value):
    """Explanations have found what moved the mean output."""
    told = {"output_shift": ("", value), "shap_shift": ("temp", value)}
    with History.open(f"sqlite:///{world.root / 'history.db'}") as history:
        for metric, (column, moved) in told.items():
            records = world.recorder.records(
                {metric: Estimate(moved, moved - 0.01, moved + 0.01, 100)},
                version="1",
                day=DAYS[-1],
                window=1,
                column=column,
            )
            history.replace_metrics(list(records), model="small", days=[DAYS[-1]], metrics={metric})


def test_of_a_regressor_it_says_what_the_change_of_its_error_is_made_of(small, obs):
    columns = {"prediction_id": "id", "time": "at", "version": "model", "prediction": "score"}
    labels = small().keys["labels"] | {"max_delay_days": 0}
    world = small(task="regression", logs=small().keys["logs"] | {"columns": columns}, labels=labels)
    world.train("1")
    for day in DAYS:
        rows = world.rows(day, 300)
        world.log(day, rows)
        worse = 0.3 if day >= DAYS[2] else 0.1
        world.labels(f"{day}.parquet", rows, day=day, late=(rows["score"] + worse).to_numpy())
        world.night(day)
    with_shift(world, 0.2)
    told, code = obs(world, "--from", str(DAYS[2]), "--to", str(DAYS[3]))
    assert code == 0
    assert "MAE rose from 0.10 to 0.30: what is predicted alike misses otherwise (+0.200)" in told
    assert "Mean output beside the baseline's: +0.20 [0.19, 0.21], of which temp +0.20." in told
    assert "Why MAE changed, by carrier" in told
    data, code = obs(world, "--from", str(DAYS[2]), "--to", str(DAYS[3]), "--format", "json")
    parts = [json.loads(line) for line in data.splitlines()] if "\n{" in data else json.loads(data)
    assert sum(each["total"] for each in parts if each["kind"] == "effect") == pytest.approx(0.2)
    told, code = obs(world, "--metric", "r2")
    assert code == 1
    assert "A change of r2 is no sum over segments" in told


def test_of_a_model_without_labels_it_says_what_moved_its_output(small, obs):
    world = small(task="unlabelled", labels=None, alerts="none")
    world.train("1")
    world.log(DAYS[-1], world.rows(DAYS[-1], 300))
    world.night(DAYS[-1])
    told, code = obs(world)
    assert code == 0
    assert "No label says what is right of models of unlabelled" in told
    assert "What moved its mean output is not known" in told
    with_shift(world, 0.3)
    told, code = obs(world)
    assert "Mean output beside the baseline's: +0.30" in told
    assert "of which temp +0.30." in told
    told, code = obs(world, "--version", "9")
    assert code
    assert "9" in told
