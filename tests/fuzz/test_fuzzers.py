"""No input ends in a traceback, hangs, or loses a row: some of each kind, and all that once did.

`make soak` tries them by the thousand; docs/reliability.md says what came of it.
"""

import pytest

from tests.fuzz.all_fuzzers import FUZZERS
from tests.fuzz.fuzzer import CORPUS, fuzz

EXAMPLES = {"monitor_files": 60}
FOUND = [(name, file) for name, fuzzer in FUZZERS.items() for file in fuzzer.corpus()]


@pytest.mark.parametrize("name", FUZZERS)
def test_new_inputs(name, tmp_path, monkeypatch):
    monkeypatch.setenv("OBS_CORES", "1")
    ended, last = fuzz(FUZZERS[name], seed=0, examples=EXAMPLES.get(name, 15), place=tmp_path / "place")
    assert ended.well, f"{ended.error}\n{ended.trace}\n{last.read_bytes()!r}"


@pytest.mark.parametrize(("name", "file"), FOUND, ids=lambda each: getattr(each, "stem", each))
def test_inputs_that_once_failed(name, file):
    FUZZERS[name].replay(file.read_bytes())


def test_every_file_of_the_corpus_is_replayed():
    there = {file for file in CORPUS.rglob("*") if file.is_file()}
    assert there == {file for _, file in FOUND}
