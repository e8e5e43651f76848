"""No monitor file, however hostile, runs code or exhausts memory or time."""

import json
import string
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor import MonitorError, yaml_nodes
from obs_dagster.monitor.loading import load_monitor
from obs_dagster.monitor.reference import EXAMPLE
from obs_dagster.monitor.yaml_reader import MAX_BYTES, read_document

CASES = Path(__file__).parent / "cases"
METRICS = {name: definitions()[name] for name in ("psi", "recall", "latency_p95")}


def refused(path):
    with pytest.raises(MonitorError) as caught:
        read_document(path)
    (problem,) = caught.value.problems
    return problem.message


def test_python_tags_are_refused_and_not_run(tmp_path):
    witness = tmp_path / "witness"
    path = tmp_path / "monitor.yaml"
    path.write_text(f"model: !!python/object/apply:os.system ['touch {witness}']\n")

    with pytest.raises(MonitorError, match=r"'!!python/object/apply:os\.system' is not allowed"):
        load_monitor(path, environ={}, metrics=METRICS)

    assert not witness.exists()


def test_a_file_above_one_mebibyte_is_refused(tmp_path):
    path = tmp_path / "monitor.yaml"
    path.write_text("#" * MAX_BYTES)
    assert "empty" in refused(path)

    path.write_text("#" * (MAX_BYTES + 1))
    assert "larger than 1 MiB" in refused(path)


@pytest.mark.parametrize("text", ["a: " + "[" * 200_000, "? " * 50_000, "a: " + "{b: " * 1_000 + "}" * 1_000])
def test_deep_nesting_is_refused(tmp_path, text):
    path = tmp_path / "monitor.yaml"
    path.write_text(text)

    assert "nested more than 20 levels deep" in refused(path)


@pytest.mark.parametrize(
    "entry",
    [
        "a{0}: &a{0} [{1}]\n",
        "a{0}: &a{0} {{<<: [{1}]}}\n",
    ],
)
def test_a_billion_laughs_is_refused_quickly(tmp_path, entry):
    lines = ["a0: &a0 {lol: lol}\n"]
    lines += [entry.format(level, ", ".join([f"*a{level - 1}"] * 10)) for level in range(1, 12)]
    path = tmp_path / "monitor.yaml"
    path.write_text("".join(lines))
    started = time.monotonic()

    assert "100,000 values" in refused(path)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: &a {<<: *a}\n", "&a {b: *a}\n"])
def test_a_cycle_is_refused(tmp_path, text):
    path = tmp_path / "monitor.yaml"
    path.write_text(text)

    assert "nested more than 20 levels deep" in refused(path)


def test_a_number_too_long_to_read_is_a_problem(tmp_path):
    path = tmp_path / "monitor.yaml"
    path.write_text("start: " + "9" * 5_000)

    with pytest.raises(MonitorError, match=r"start: '9+…' cannot be read as int"):
        load_monitor(path, environ={}, metrics=METRICS)


def test_values_are_plain_and_dates_stay_text(tmp_path):
    path = tmp_path / "monitor.yaml"
    path.write_text("text: ' a '\nday: 2013-04-01\nyes: yes\ntruth: true\nhex: 0x1F\nnumber: 1e3\nnothing:\n")

    document = read_document(path)

    assert document.data == {
        "text": "a",
        "day": "2013-04-01",
        "yes": "yes",
        "truth": True,
        "hex": 31,
        "number": 1000.0,
        "nothing": None,
    }


NAMES = st.sampled_from(
    [
        *("model", "start", "end", "time_zone", "schedule", "logs", "labels", "features", "segments"),
        *("baseline", "windows", "alerts", "routes", "quality", "columns", "path", "source", "kind", "type"),
        *("min", "max", "allowed", "name", "metric", "above", "below", "window", "url", "score", "suite"),
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        [
            "psi",
            "recall",
            "training",
            "days",
            "rolling",
            "category",
            "integer",
            "2013-04-01",
            "${X}",
            "{day}",
            "*",
            "origin=JFK",
            "origin=a,b=c",
            "UTC",
            "../UTC",
            "0 5 * * *",
            "_obs_",
            "10" * 200,
        ]
    )
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=25,
)


@settings(max_examples=80, deadline=None)
@given(data=st.dictionaries(NAMES | st.text(max_size=4), VALUES, max_size=8))
def test_an_arbitrary_mapping_loads_or_names_its_problems(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "monitor.yaml"
    path.write_text(json.dumps(data).replace("NaN", ".nan").replace("Infinity", ".inf"))

    with pytest.raises(MonitorError) as caught:
        load_monitor(path, environ={}, metrics=METRICS)

    assert caught.value.problems
    assert len(str(caught.value).splitlines()) == len(caught.value.problems)


SOUND = {
    "model": "flights",
    "start": "2013-04-01",
    "time_zone": "UTC",
    "logs": {
        "source": "csv",
        "path": "logs/{day}.csv",
        "columns": {"prediction_id": "id", "time": "at", "version": "version", "score": "score"},
    },
    "features": {"hour": {"type": "integer", "min": 0}, "origin": {"type": "category", "allowed": ["JFK"]}},
    "segments": ["origin"],
    "baseline": {"kind": "training", "path": "{version}.csv"},
    "windows": [1, 7],
    "alerts": [{"name": "drift", "metric": "psi", "above": 0.1, "segments": ["origin"], "columns": ["hour"]}],
    "routes": [{"url": "log://"}],
}


def places(value, keys=()):
    yield keys
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*keys, key))


@settings(max_examples=80, deadline=None)
@given(place=st.sampled_from([keys for keys in places(SOUND) if keys]), value=VALUES)
def test_a_sound_monitor_with_one_arbitrary_value_loads_or_names_its_problems(tmp_path_factory, place, value):
    data = json.loads(json.dumps(SOUND))
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    path = tmp_path_factory.mktemp("one") / "monitor.yaml"
    path.write_text(json.dumps(data).replace("NaN", ".nan").replace("Infinity", ".inf"))

    try:
        load_monitor(path, environ={}, metrics=METRICS)
    except MonitorError as error:
        assert all(problem.line == 1 and problem.column >= 1 for problem in error.problems)  # noqa: PT017


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet=string.printable + "é\x85\ufeff\ufffe", max_size=60) | st.binary(max_size=40))
def test_arbitrary_text_is_a_document_or_a_problem(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("text") / "monitor.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())

    with pytest.raises(MonitorError):
        load_monitor(path, environ={}, metrics=METRICS)


@pytest.mark.parametrize("file", [EXAMPLE, *sorted(CASES.glob("*.yaml"))], ids=lambda file: file.stem)
def test_a_file_means_the_same_where_there_is_no_libyaml(file, monkeypatch):
    found = _read(file)
    monkeypatch.setattr(yaml_nodes, "_LOADER", yaml.BaseLoader)

    assert _read(file) == found


def _read(file):
    try:
        return str(read_document(file).data)
    except MonitorError as error:
        return [problem.key for problem in error.problems]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: {path: ../t/{version}.csv}\n", True),
        ("a: {path: s/{day}/x, k: 1}\n", True),
        ("a: {b: [1, 2}\n", False),
        ("a: {path: '../{day}', b: [}\n", False),
    ],
)
def test_a_placeholder_within_braces_is_told_to_need_quotes(text, told):
    with pytest.raises(yaml_nodes.YamlError) as caught:
        yaml_nodes.parse(text)
    assert ("has to stand in quotes" in str(caught.value)) == told
