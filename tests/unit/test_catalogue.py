import pytest

from obs_dagster.catalogue import monitor_of, monitors_of
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor import MonitorError

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


@pytest.mark.parametrize("read", [monitor_of, lambda file: monitors_of(file.parent)])
def test_no_other_metric_is_known(written, read):
    with pytest.raises(MonitorError) as caught:
        read(written("alerts: [{name: drift, metric: psy, above: 0.1}]\n"))

    (problem,) = caught.value.problems
    assert problem.nearest == "psi"
    assert problem.legal == tuple(sorted(definitions()))
