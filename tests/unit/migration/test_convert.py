"""Configurations of Evidently and NannyML: what becomes of them is a monitor, and what does not is named."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from jobs.cli.app import app
from obs_dagster.catalogue import monitor_of
from obs_dagster.metrics.registry import definitions
from obs_dagster.migration import convert, evidently, nannyml
from obs_dagster.migration.convert import ConversionError

HERE = Path(__file__).parent


def converted(tmp_path, content, name="config.yaml"):
    """The monitor of a configuration, and what was lost."""
    file = tmp_path / name
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    text, lost = convert(file, "loans")
    written = tmp_path / "monitor.yaml"
    written.write_text(text, encoding="utf-8")
    return monitor_of(written, environ={}), lost


def rules(monitor):
    return {rule.name: rule for rule in monitor.alerts}


@pytest.fixture
def of_nannyml(tmp_path):
    return converted(tmp_path, (HERE / "nannyml.yaml").read_text(encoding="utf-8"))


def test_columns_and_paths_of_nannyml_are_the_monitors(of_nannyml):
    monitor, _ = of_nannyml
    assert monitor.task == "binary_classification"
    assert monitor.logs.path == "/data/{day:%Y}/{day:%m}/{day:%d}.parquet"
    columns = monitor.logs.columns
    assert (columns.prediction_id, columns.time, columns.score) == ("id", "timestamp", "y_pred_proba")
    assert (columns.prediction, monitor.labels.columns.label) == ("y_pred", "work")
    assert {name: each.type for name, each in monitor.features.items()} == {
        "region": "category",
        "distance": "number",
        "salary": "number",
    }
    assert list(monitor.windows) == [1, 7]


def test_methods_of_nannyml_are_rules_with_its_thresholds(of_nannyml):
    found = rules(of_nannyml[0])
    jensen = found["jensen_shannon_nannyml"]
    assert (jensen.metric, jensen.window, jensen.above) == ("jensen_shannon.nannyml", 7, 0.2)
    assert list(jensen.columns) == ["distance", "salary", "y_pred_proba"]
    assert found["wasserstein_nannyml"].above == "usual + 2 spreads"
    assert found["l_infinity_nannyml"].above == 0.1
    assert found["chi_square"].below == 0.05
    assert (found["roc_auc"].below, found["roc_auc"].settled) == (0.7, True)
    assert found["estimated_recall"].below == "usual - 3 spreads"
    # what a monitor is watched for without any configuration stays
    assert "moved_beyond_days" in found


def test_what_nannyml_has_and_monitors_have_not_is_named(of_nannyml):
    lost = "\n".join(of_nannyml[1])
    for each in (
        "specificity",
        "chunk_size",
        "summary_stats_avg",
        "outputs",
        "the label `work`",
        "± n spreads",
    ):
        assert each in lost


def test_a_report_of_evidently_is_rules(tmp_path):
    text = (HERE / "evidently.json").read_text(encoding="utf-8")
    monitor, lost = converted(tmp_path, text, "report.json")
    found = rules(monitor)
    assert (found["psi_evidently"].above, list(found["psi_evidently"].columns)) == (0.2, ["x"])
    assert list(found["jensen_shannon_evidently"].columns) == ["c"]
    assert (found["missing_share"].metric, found["missing_share"].above) == ("missing_share", 0.05)
    assert found["recall"].below == 0.4
    assert any("DriftedColumnsCount" in each for each in lost)


def test_column_mappings_of_older_evidently_are_read(tmp_path):
    mapping = {
        "target": "late",
        "prediction": "p_late",
        "task": "classification",
        "id": "flight",
        "datetime": "at",
        "numerical_features": ["distance"],
        "categorical_features": ["carrier"],
        "text_features": ["remark"],
    }
    drift = {"column_name": "carrier", "column_type": "cat", "stattest_name": "chisquare"}
    document = {
        "datasets": {"flights": {"column_mapping": mapping}},
        "metrics": [{"metric": "ColumnDriftMetric", "result": drift}, {"metric": "TextThing"}],
    }
    monitor, lost = converted(tmp_path, document)
    assert (monitor.logs.columns.score, monitor.labels.columns.label) == ("p_late", "late")
    assert monitor.logs.columns.prediction_id == "flight"
    assert rules(monitor)["chi_square_evidently"].below == 0.05
    assert any("text_features" in each for each in lost)
    assert any("TextThing" in each for each in lost)


def test_a_regressor_of_nannyml_has_a_prediction_and_errors(tmp_path):
    params = {"problem_type": "regression", "y_true": "y", "y_pred": "y_hat", "metrics": ["mae", "rmsle"]}
    document = {"calculators": [{"type": "dle", "params": {**params, "chunk_period": "D"}}]}
    document["calculators"].append(
        {"type": "univariate_drift", "params": {"column_names": ["x"], "chunk_period": "D"}}
    )
    monitor, lost = converted(tmp_path, document)
    assert monitor.task == "regression"
    assert monitor.logs.columns.prediction == "y_hat"
    assert rules(monitor)["estimated_mae"].above == "usual + 3 spreads"
    assert "the metric `rmsle`" in lost


def test_every_metric_that_rules_are_made_of_is_there():
    known = definitions()
    quality = nannyml._QUALITY.values()
    named = {*nannyml._DRIFT.values(), *quality, *(f"estimated_{each}" for each in quality)}
    named |= {*evidently._METHODS.values(), *evidently._QUALITY.values()}
    assert named <= set(known)


@pytest.mark.parametrize(
    ("content", "why"),
    [("a: 1", "neither"), ("- a", "no mapping"), ("a: [", "damaged"), ("", "no mapping")],
)
def test_what_is_no_configuration_is_said(tmp_path, content, why):
    with pytest.raises(ConversionError, match=why):
        converted(tmp_path, content)


def test_the_command_prints_a_monitor_and_overwrites_nothing(tmp_path):
    runner = CliRunner()
    shown = runner.invoke(app, ["convert", str(HERE / "nannyml.yaml")])
    assert shown.exit_code == 0
    assert shown.stdout.startswith("# From a configuration of NannyML.")
    assert yaml.safe_load(shown.stdout)["model"] == "nannyml"
    assert "Not carried over: the metric `specificity`." in shown.stderr
    place = tmp_path / "loans.yaml"
    command = ["convert", str(HERE / "nannyml.yaml"), "--model", "loans", "--output", str(place)]
    assert runner.invoke(app, command).exit_code == 0
    assert yaml.safe_load(place.read_text(encoding="utf-8"))["model"] == "loans"
    assert runner.invoke(app, command).exit_code != 0
