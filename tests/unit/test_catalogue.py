import json
from pathlib import Path

import pytest

from obs_dagster.catalogue import monitor_of, monitors_of, readable_monitors
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor import MonitorError
from obs_dagster.monitor.condition import Condition

MONITORS = Path(__file__).parents[2] / "monitors"
SOUND = """\
model: flights
start: 2013-04-01
logs:
  source: parquet
  path: /logs/{day}.parquet
  columns: {prediction_id: id, time: at, version: version, score: score}
features:
  hour: {type: integer}
baseline: {kind: rolling}
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / "flights.yaml").write_text(SOUND + text, encoding="utf-8")
        return tmp_path / "flights.yaml"

    return write


def test_rules_watch_registered_metrics(written):
    file = written("alerts: [{name: drift, metric: psi, columns: [hour], above: 0.1}]\n")

    assert monitor_of(file).alerts[0].metric == "psi"
    assert monitors_of(file.parent) == {"flights": monitor_of(file)}


def test_a_file_that_is_wrong_does_not_disturb_the_others(written):
    file = written("")
    (file.parent / "red.yaml").write_text(SOUND.replace("flights", "red") + "colour: red\n")
    (file.parent / "broken.yaml").write_text("model: [")
    found = readable_monitors(file.parent)
    assert list(found.monitors) == ["flights"]
    assert [each.model for each in found.faulty] == ["broken", "red"]
    assert found.faulty[1].why == "red.yaml:10: colour: The key is unknown."
    assert readable_monitors(file.parent, models=["flights"]).monitors == found.monitors


def test_of_two_files_of_a_model_neither_is_used(written):
    file = written("")
    (file.parent / "other.yaml").write_text(SOUND)
    found = readable_monitors(file.parent)
    assert not found.monitors
    assert "already described" in found.faulty[0].why


@pytest.mark.parametrize("read", [monitor_of, lambda file: monitors_of(file.parent)])
def test_no_other_metric_is_known(written, read):
    with pytest.raises(MonitorError) as caught:
        read(written("alerts: [{name: drift, metric: psy, above: 0.1}]\n"))

    (problem,) = caught.value.problems
    assert problem.nearest == "psi"
    assert "docs/metrics.md has all of them" in problem.message


@pytest.mark.parametrize("asked", ["", "alerts: defaults\n", "alerts: [defaults]\n"])
def test_a_monitor_that_names_no_rules_has_those_of_its_metrics(written, asked):
    names = [rule.name for rule in monitor_of(written(asked)).alerts]

    assert {"scores_moved", "feature_moved", "values_missing", "schema_changed", "rows_quarantined"} <= {
        *names
    }
    assert len(names) == len(set(names))


@pytest.mark.parametrize("asked", ["alerts: none\n", "alerts: []\n"])
def test_no_rules_are_no_rules(written, asked):
    assert monitor_of(written(asked)).alerts == ()


def test_a_rule_of_the_monitor_stands_in_the_place_of_the_default_one_of_its_name(written):
    own = "{name: scores_moved, metric: psi, columns: [score], above: 0.5}"
    rules = monitor_of(written(f"alerts: [defaults, {own}]\n")).alerts

    assert [rule.above for rule in rules if rule.name == "scores_moved"] == [0.5]
    assert "values_missing" in {rule.name for rule in rules}


def test_rules_that_could_never_fire_are_not_made(written):
    """No labels, latencies or statuses: nothing to judge such rules by."""
    watched = {rule.metric for rule in monitor_of(written("")).alerts}

    assert not {name for name in watched if definitions()[name].needs}


@pytest.mark.parametrize("model", ["flight_delay", "arrival_delay", "delay_class"])
def test_default_rules_are_rules_that_a_file_may_have(model, tmp_path):
    """Written out, they pass every check of a file."""
    text = (MONITORS / f"{model}.yaml").read_text(encoding="utf-8")
    before, after = text[: text.index("\nalerts:")], text[text.index("\nroutes:") :]
    file, environ = tmp_path / f"{model}.yaml", {"OBS_HOME": str(tmp_path)}
    file.write_text(f"{before}{after}", encoding="utf-8")
    rules = monitor_of(file, environ=environ).alerts

    written = [rule.model_dump(mode="json", by_alias=True, exclude_defaults=True) for rule in rules]
    for rule in written:
        if "all" in rule:
            # of several conditions the first is shown, which a file does not say again
            for name in Condition.model_fields:
                rule.pop(name, None)
    file.write_text(f"{before}\nalerts: {json.dumps(written)}{after}", encoding="utf-8")
    assert monitor_of(file, environ=environ).alerts == rules
    # each task has one about what leads it
    assert {"recall", "mae", "macro_f1"} & {rule.metric for rule in rules}


def test_a_budget_has_the_default_rules_and_those_that_name_none_keep_it(written):
    budget = "budget of 2 per quarter"
    rules = monitor_of(written("alerts: {budget: 2 per quarter}\n")).alerts
    assert {rule.above for rule in rules if rule.metric == "drift_evidence"} == {budget}
    assert "scores_moved" in {rule.name for rule in rules}

    own = "{name: a, any: [{metric: drift_evidence, above: budget}, {metric: psi, above: 0.3}]}"
    other = "{name: b, metric: drift_evidence, above: budget of 1 per week}"
    asked = f"alerts: {{budget: 2 per quarter, rules: [{own}, {other}]}}\n"
    first, second = monitor_of(written(asked)).alerts
    assert (first.above, first.parts[0].above, second.above) == (budget, budget, "budget of 1 per week")
    assert first.parts[1].above == 0.3
    assert monitor_of(written("alerts: {budget: 1 per year, rules: none}\n")).alerts == ()
