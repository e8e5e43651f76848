import json
import logging
import subprocess
import sys

from obs_dagster.telemetry.logs.shared_file import SharedFile

_WRITER = """
import logging, sys
from pathlib import Path
from obs_dagster.telemetry.logs.shared_file import SharedFile
log = logging.getLogger("writer")
log.addHandler(SharedFile(Path(sys.argv[1]), 20_000, 50))
for number in range(300):
    text = "x" * (10_000 if number % 100 == 0 else 50)
    log.warning('{"writer": %s, "number": %d, "text": "%s"}', sys.argv[2], number, text)
"""


def test_processes_write_one_file_that_is_turned_over_and_no_line_is_lost_or_torn(tmp_path):
    place = tmp_path / "obs.log"
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(place), str(number)]) for number in range(3)
    ]
    assert [each.wait(60) for each in writers] == [0, 0, 0]
    files = [each for each in tmp_path.iterdir() if not each.name.startswith(".")]
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    assert len(files) > 3
    assert sorted((line["writer"], line["number"]) for line in lines) == [
        (writer, number) for writer in range(3) for number in range(300)
    ]


def _record(text: str) -> logging.LogRecord:
    return logging.LogRecord("any", logging.INFO, "", 0, text, (), None)


def test_the_oldest_files_go(tmp_path):
    file = SharedFile(tmp_path / "obs.log", 10, 2)
    for number in range(5):
        file.emit(_record(f"line {number}"))
    file.close()
    told = {each.name: each.read_text() for each in tmp_path.glob("obs*")}
    assert told == {"obs.log": "line 4\n", "obs.log.1": "line 3\n", "obs.log.2": "line 2\n"}


def test_a_file_that_somebody_else_turns_over_is_opened_anew(tmp_path):
    place = tmp_path / "obs.log"
    file = SharedFile(place, 0, 0)
    file.emit(_record("before"))
    place.rename(tmp_path / "elsewhere")
    file.emit(_record("after"))
    file.close()
    assert (place.read_text(), (tmp_path / "elsewhere").read_text()) == ("after\n", "before\n")


def test_a_file_that_cannot_be_written_costs_no_night_and_is_told_of_once(tmp_path, capsys):
    (tmp_path / "taken").write_text("")
    file = SharedFile(tmp_path / "taken" / "obs.log", 0, 0)
    for _ in range(3):
        file.emit(_record("line"))
    assert capsys.readouterr().err.count("cannot be written") == 1
