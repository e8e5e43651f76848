"""Samples for shippers that cannot be run here: they can be read, and ask for keys that lines have."""

import re
from pathlib import Path

import pytest
import yaml

SAMPLES = Path(__file__).parents[4] / "deploy" / "logs"
KEYS = {
    "event",
    "level",
    "logger",
    "timestamp",
    "run_id",
    "model",
    "stage",
    "day",
    "trace_id",
    "span_id",
    "exception",
}


@pytest.mark.parametrize("file", sorted(SAMPLES.iterdir()), ids=lambda file: file.name)
def test_a_sample_reads_the_file_of_the_log(file):
    text = file.read_text()
    assert "/var/log/obs-dagster/obs.log" in text or file.name == "logstash.conf"
    if file.suffix in {".yaml", ".yml"}:
        assert isinstance(yaml.safe_load(text), dict)
    for opened, closed in ("{}", "[]", "()"):
        assert text.count(opened) == text.count(closed)


def test_they_ask_for_keys_that_lines_have():
    filebeat = yaml.safe_load((SAMPLES / "filebeat.yml").read_text())
    renamed = filebeat["processors"][1]["rename"]["fields"]
    asked = {each["from"].removeprefix("obs.") for each in renamed}
    asked.add(filebeat["processors"][0]["timestamp"]["field"].removeprefix("obs."))
    fluent_bit = yaml.safe_load((SAMPLES / "fluent-bit.yaml").read_text())
    asked.add(fluent_bit["parsers"][0]["time_key"])
    loki = next(each for each in fluent_bit["pipeline"]["outputs"] if each["name"] == "loki")
    asked |= {key.removeprefix("$") for key in loki["label_keys"].split(",")}
    promtail = yaml.safe_load((SAMPLES / "promtail.yaml").read_text())
    stages = promtail["scrape_configs"][0]["pipeline_stages"]
    asked |= set(stages[0]["json"]["expressions"].values())
    vector = yaml.safe_load((SAMPLES / "vector.yaml").read_text())
    asked |= set(re.findall(r"{{ (\w+) }}", str(vector["sinks"])))
    asked |= set(re.findall(r"\n\.(\w+) =", vector["transforms"]["obs_lines"]["source"]))
    alloy = (SAMPLES / "alloy.river").read_text()
    asked |= set(re.findall(r'"(\w+)"', re.search(r"expressions = {(.*?)}", alloy).group(1)))
    fluentd = (SAMPLES / "fluentd.conf").read_text()
    asked.add(re.search(r"time_key (\w+)", fluentd).group(1))
    assert asked <= KEYS
    assert {"timestamp", "level", "model", "trace_id"} <= asked
    for sources, inputs in (
        (vector["transforms"], vector["sources"]),
        (vector["sinks"], vector["transforms"]),
    ):
        assert all(set(each["inputs"]) <= set(inputs) for each in sources.values())
