"""Graphite, by the real carbon: what it stored is read back from its files."""

import datetime as dt
import subprocess

import pytest

from obs_dagster.exports.way import way_of
from tests.servers import connects, free_port, program, running, until

DAY = dt.date(2024, 3, 9)
CONFIG = """
[cache]
STORAGE_DIR = {folder}
CONF_DIR = {folder}
LOG_DIR = {folder}
PID_DIR = {folder}
LOCAL_DATA_DIR = {folder}/whisper
USER =
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {port}
PICKLE_RECEIVER_PORT = 0
CACHE_QUERY_PORT = 0
MAX_CREATES_PER_MINUTE = inf
MAX_UPDATES_PER_SECOND = inf
ENABLE_LOGROTATION = False
ENABLE_TAGS = False
"""


@pytest.fixture(scope="module")
def carbon(tmp_path_factory):
    """The port, and the folder of the files."""
    folder, port = tmp_path_factory.mktemp("carbon"), free_port()
    (folder / "carbon.conf").write_text(CONFIG.format(folder=folder, port=port))
    (folder / "storage-schemas.conf").write_text("[days]\npattern = .*\nretentions = 1d:20y\n")
    command = [program("carbon-cache"), f"--config={folder / 'carbon.conf'}", "--nodaemon", "start"]
    with running(command, folder, connects(port)):
        yield port, folder


def stored(file, day):
    """The value of a file on a day; None as long as there is none."""
    at = int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp())
    span = [f"--from={at - 2 * 86_400}", f"--until={at + 86_400}"]
    done = subprocess.run(["whisper-fetch", *span, str(file)], capture_output=True, text=True, check=True)
    values = dict(line.split() for line in done.stdout.splitlines())
    found = values.get(str(at), "None")
    return None if found == "None" else float(found)


def test_days_are_dotted_paths_that_any_name_fits_in_and_a_correction_takes_their_place(carbon, filled):
    port, folder = carbon
    url = f"graphite://127.0.0.1:{port}?tags=no&prefix=prod"
    way_of(url).send(url, filled.samples, filled.now)
    metric = "prod/obs_model_latency_p95_seconds/model/risk/version/1/segment"
    whole = folder / "whisper" / metric / "all/window/1.wsp"
    assert until("it is stored", lambda: whole.exists() and stored(whole, DAY)) == 0.12
    (cell,) = (each for each in (folder / "whisper" / metric).iterdir() if each.name != "all")
    assert cell.name == "city=K%C3%B6ln%20%22%5C%0A%3B=%2C%7B%7D%20%23"
    corrected = [
        type(each)(each.gauge, 0.5, each.labels, each.at)
        for each in filled.samples
        if each.name == "obs_model_latency_p95_seconds" and each.labels["segment"] == "*"
    ]
    way_of(url).send_day(url, corrected, DAY)
    assert until("it is corrected", lambda: stored(whole, DAY) == 0.5)


def test_with_tags_a_series_has_its_labels(carbon, filled):
    port, folder = carbon
    url = f"graphite://127.0.0.1:{port}"
    way_of(url).send(url, [each for each in filled.samples if each.name == "obs_model_psi"], filled.now)
    series = "obs_model_psi;column=income;model=risk;segment=%2A;version=1;window=7"
    assert until("it is created", lambda: series in (folder / "log").read_text() + log(folder))
    (file,) = (folder / "whisper" / "_tagged").rglob("*.wsp")
    assert until("it is stored", lambda: stored(file, DAY)) == 0.31


def log(folder):
    return "".join(each.read_text() for each in folder.glob("*.log"))
