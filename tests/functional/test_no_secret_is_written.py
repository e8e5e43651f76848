"""Passwords in all places where one can be, while everything fails: no byte of them is written or printed."""

import http.server
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
OBS = str(Path(sys.executable).with_name("obs"))

MONITOR = """
model: loan_default
start: 2024-03-01
end: 2024-03-05
logs:
  source: {source}
  path: {path}
  columns: {{prediction_id: id, time: at, version: version, score: score}}
features:
  income: {{type: number}}
baseline: {{kind: days, first: 2024-03-01, last: 2024-03-01}}
registry: {{name: loan_default}}
windows: [1]
reports: {{evidently_every_days: 366}}
alerts:
  - {{name: busy, metric: volume, above: 10}}
routes:
  - {{url: "json://night:${{HOOK}}@127.0.0.1:{port}/x"}}
  - {{url: "slack-bot://${{SLACK}}/C1#api=http://127.0.0.1:{port}"}}
  - {{url: "webhook+http://127.0.0.1:{port}/x?token=${{HOOK}}#secret=${{SIGN}}"}}
  - {{url: "sentry+http://${{SENTRY}}@127.0.0.1:{port}/42"}}
heartbeat: http://127.0.0.1:{port}/ping/${{PING}}
"""

PLANTED = {
    "mlflow": "s3cr3t/of@mlflow",
    "token": "t0kenOfSomebody99",
    "hook": "h00kPassw0rd",
    "history": "h1storyPassw0rd",
    "warehouse": "w4rehousePassw0rd",
    "slack": "xoxb-0-slackPassw0rd",
    "sign": "s1gnPassw0rd",
    "sentry": "sentryPassw0rd",
    "ping": "p1ngPassw0rd",
}
OF_ROUTES = {name.upper(): PLANTED[name] for name in ("hook", "slack", "sign", "sentry", "ping")}


@pytest.fixture
def broken():
    """A server that answers everything with 500, and repeats what it was asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told = f"broken: {self.path} {dict(self.headers)} ".encode() + body
            self.send_response(500)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_PATCH = do_PUT = answer  # noqa: N815  as the server looks for them

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def forms(secret):
    return {secret.encode(), quote(secret, safe="").encode(), quote(secret).encode()}


@pytest.fixture
def obs(tmp_path, broken):
    home = tmp_path / "home"
    (home / "logs").mkdir(parents=True)
    (tmp_path / "monitors").mkdir()
    random = np.random.default_rng(3)
    pd.DataFrame(
        {
            "id": [str(row) for row in range(50)],
            "at": pd.Timestamp("2024-03-01 12:00", tz="UTC"),
            "version": "1",
            "score": random.uniform(size=50),
            "income": random.normal(size=50),
        }
    ).to_parquet(home / "logs" / "day=2024-03-01.parquet")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OBS_", "MLFLOW_"))}
    environ = kept | {
        "OBS_HOME": str(home),
        "OBS_MONITORS": str(tmp_path / "monitors"),
        "MLFLOW_TRACKING_URI": f"http://night:{quote(PLANTED['mlflow'], safe='')}@127.0.0.1:{broken}",
        "MLFLOW_TRACKING_TOKEN": PLANTED["token"],
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        **OF_ROUTES,
        "OBS_DEBUG": "1",
    }
    said = []

    def monitor(source="parquet", path="${OBS_HOME}/logs/day={day}.parquet"):
        text = MONITOR.format(source=source, path=path, port=broken)
        if source == "ibis":
            text = text.replace("  columns:", "  table: predictions\n  columns:", 1)
        (tmp_path / "monitors" / "loan_default.yaml").write_text(text)

    def run(*args, **more):
        done = subprocess.run(
            [OBS, *args], env=environ | more, capture_output=True, timeout=300, check=False, cwd=home
        )
        said.append(done.stdout + done.stderr)
        return done

    monitor()
    run.monitor, run.said, run.home = monitor, said, home
    return run


def assert_nothing_leaked(obs):
    for name, secret in PLANTED.items():
        for form in forms(secret):
            assert not any(form in each for each in obs.said), (name, form)
            for path in obs.home.rglob("*"):
                if path.is_file():
                    assert form not in path.read_bytes(), (name, form, path)


def test_a_server_that_repeats_what_it_was_asked(obs):
    run = obs("run", "loan_default", "--day", "2024-03-01")
    assert run.returncode == 1
    assert b"MLflow" in run.stderr
    obs("check")
    doctor = obs("doctor")
    assert b"it says 500" in doctor.stdout.replace(b"\n", b" ")
    deliver = (
        "import os; from obs_dagster.alerts import beat, deliver; from obs_dagster.history import History\n"
        "import datetime as dt\n"
        "from obs_dagster.catalogue import monitors_of; from obs_dagster.settings import Settings\n"
        "settings = Settings()\n"
        "monitors = monitors_of(settings.monitors)\n"
        "routes = {name: each.routes for name, each in monitors.items()}\n"
        "with History.open(settings.history_url) as history:\n"
        "    print(deliver(history, routes, environ=os.environ))\n"
        "    print(beat(history, monitors.values(), environ=os.environ, now=dt.datetime.now(dt.UTC)))\n"
    )
    environ = {"OBS_HOME": str(obs.home), "OBS_MONITORS": os.fspath(obs.home.parent / "monitors")}
    done = subprocess.run(
        [sys.executable, "-c", deliver],
        env=os.environ | environ | OF_ROUTES,
        capture_output=True,
        check=True,
        cwd=ROOT,
    )
    obs.said.append(done.stdout + done.stderr)
    assert b"127.0.0.1" in done.stdout
    with sqlite3.connect(obs.home / "history.db") as connection:
        assert connection.execute("SELECT count(*) FROM deliveries WHERE last_error <> ''").fetchone()[0]
    obs("doctor")
    assert_nothing_leaked(obs)


def test_a_history_that_is_not_there(obs):
    url = f"postgresql://night:{PLANTED['history']}@127.0.0.1:9/obs"
    for command in (
        ["run", "loan_default", "--day", "2024-03-01"],
        ["check"],
        ["doctor"],
        ["alerts", "list"],
    ):
        assert obs(*command, OBS_DATABASE_URL=url).returncode == 1
    assert b"127.0.0.1" in b"".join(obs.said)
    assert_nothing_leaked(obs)


def test_a_warehouse_that_is_not_there(obs):
    pytest.importorskip("ibis")
    obs.monitor("ibis", "postgres://night:${WAREHOUSE}@127.0.0.1:9/logs")
    run = obs("run", "loan_default", "--day", "2024-03-01", WAREHOUSE=PLANTED["warehouse"])
    assert run.returncode == 1
    assert b"127.0.0.1" in run.stderr
    assert_nothing_leaked(obs)
