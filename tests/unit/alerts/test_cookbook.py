"""Every recipe of docs/alerting.md is a rule that the example can have, and fires when it should."""

import datetime as dt
import re
from pathlib import Path

import pytest
import yaml

from obs_dagster.alerts import State, evaluate_rules, list_alerts
from obs_dagster.catalogue import monitor_of
from obs_dagster.metrics.record import BASELINE
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.reference import EXAMPLE

TEXT = (Path(__file__).parents[3] / "docs/alerting.md").read_text(encoding="utf-8")
COOKBOOK = re.search(r"^## Cookbook$(.*?)(?=^## )", TEXT, re.MULTILINE | re.DOTALL)[1]
RECIPES = [
    rule
    for block in re.findall(r"^```yaml\n(.*?)^```$", COOKBOOK, re.MULTILINE | re.DOTALL)
    for rule in yaml.safe_load(block)
]
INTRODUCED = yaml.safe_load(re.search(r"^```yaml\n(alerts:.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)[1])[
    "alerts"
]
#: Nights of which all is well, long enough to know what is usual, and bad ones after them.
GOOD, BAD = 22, 6


def loaded(tmp_path, *rules):
    """The example with these rules, as a night would read it."""
    document = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    document |= {"alerts": list(rules), "windows": [1, 7, 28]}
    file = tmp_path / "flight_delay.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return monitor_of(file, environ={"OBS_HOME": str(tmp_path)})


def test_there_are_thirteen_and_the_example_can_have_them_together(tmp_path):
    names = [rule["name"] for rule in RECIPES]
    assert len(set(names)) == len(names) == 13
    assert [rule.name for rule in loaded(tmp_path, *RECIPES).alerts] == names


def test_objectives_are_those_of_their_document(tmp_path):
    text = (Path(__file__).parents[3] / "docs/objectives.md").read_text(encoding="utf-8")
    first, second = (
        yaml.safe_load(each) for each in re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    )
    document = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")) | first | second
    document["logs"]["columns"] |= {"status": "status", "latency_ms": "took"}
    (tmp_path / "flight_delay.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    monitor = monitor_of(tmp_path / "flight_delay.yaml", environ={"OBS_HOME": str(tmp_path)})
    burning = {rule.name: rule for rule in monitor.alerts if "burn" in rule.metric}
    assert len(burning) == 6
    assert burning["availability_burns_1h"].threshold.number == 3.4
    watched = [
        each for name, each in definitions().items() if name in {rule.metric for rule in burning.values()}
    ]
    assert {rule.min_rows for rule in burning.values()} == {30}
    for line in re.findall(r"^\| `availability_burn.*$", text, re.MULTILINE):
        for name in re.findall(r"`(\w+)`", line):
            (default,) = next(each for each in watched if each.name == name).watched
            assert f"above {default.above:g}, {default.severity}" in line


def test_the_rule_that_is_explained_is_one(tmp_path):
    [rule] = loaded(tmp_path, *INTRODUCED).alerts
    assert rule.condition == "recall over 7 days below 90 % of the baseline, 2 nights in a row"


def good(parts, metric):
    """A value of a metric with which all is well."""
    plain = [part for part in parts if part.metric == metric and part.threshold.of is None]
    if not plain:
        return 100.0
    number = plain[0].threshold.number
    return number / 2 if plain[0].direction == "above" else number * 2


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe["name"])
def test_it_fires_when_things_turn_bad_and_not_before(recipe, tmp_path, store, write, day):
    monitor = loaded(tmp_path, recipe)
    [rule] = monitor.alerts
    for part in {part.metric: part for part in rule.parts}.values():
        metric, fine = definitions()[part.metric], good(rule.parts, part.metric)
        watched = "*" if metric.whole_log else "2.1"
        about = {
            "metric": part.metric,
            "window": part.window,
            "n": 5_000,
            "segment": "*" if rule.segments == ("*",) else "origin=JFK",
            "column": "temp" if metric.about == "column" else "",
        }
        # usual nights differ a little
        before = [fine * (1 + 0.001 * (number % 3)) for number in range(GOOD)]
        write(before + [1e9 if part.direction == "above" else 1e-9] * BAD, version=watched, **about)
        if part.threshold.version:
            write([fine] * (GOOD + BAD), version=part.threshold.version, **about)
        if part.threshold.of_baseline:
            write([(fine, fine, fine)] * (GOOD + BAD), version=watched, **about | {"window": BASELINE})

    def fires(night):
        now = dt.datetime(2013, 9, 1, tzinfo=dt.UTC) + dt.timedelta(hours=night)
        evaluate_rules(monitor, store, as_of=day(night), now=now, run_id="run")
        return [alert.rule for alert in list_alerts(store, states=[State.FIRING])]

    assert fires(GOOD) == []
    assert fires(GOOD + BAD) == [rule.name]
