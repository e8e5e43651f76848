"""Two versions beside each other in MLflow: how they do, and what differs in what they were trained with."""

from pathlib import Path

import pytest
from mlflow.entities import Dataset, DatasetInput, InputTag

from obs_dagster.reports.mlflow.listed import markdown
from obs_dagster.reports.mlflow.training import VERSIONS, Trained, training_section
from obs_dagster.tasks.sections import Listing

COMPARED = "## Version 2 against version 1"


@pytest.fixture
def trained(client, tmp_path):
    """Versions 1 and 2, each registered by a run; version 3 by none."""
    experiment = client.create_experiment("training")
    client.create_registered_model("delay")
    search = client.create_run(experiment, run_name="tuning in May").info.run_id
    for version, leaves, trials in (("1", "31", 0), ("2", "63", 3)):
        of_search = {"mlflow.parentRunId": search} if trials else {}
        runs = [client.create_run(experiment, tags=of_search).info.run_id for _ in range(max(trials, 1))]
        run = runs[-1]
        client.log_param(run, "num_leaves", leaves)
        client.log_param(run, "learning_rate", "0.1")
        client.log_metric(run, "val_auc", 0.7 + int(version) / 100)
        client.log_metric(run, "rows", 5000)
        data = Dataset("flights", f"digest{version}", "local", "{}")
        client.log_inputs(run, datasets=[DatasetInput(data, [InputTag("mlflow.data.context", "train")])])
        client.create_model_version("delay", source=tmp_path.as_uri(), run_id=run)
    client.create_model_version("delay", source=tmp_path.as_uri())


@pytest.fixture
def told(client, tmp_path):
    """What the artifact of a published night says."""

    def told(published):
        [run] = published.nights.values()
        return Path(client.download_artifacts(run, VERSIONS, str(tmp_path))).read_text(encoding="utf-8")

    return told


@pytest.mark.usefixtures("trained")
def test_parameters_and_data_that_differ_stand_beside_the_comparison(report, make_night, told):
    night = make_night(0, registered_model="delay", artifacts={VERSIONS: COMPARED}, compared=("2", "1"))
    (published,) = report.publish([night])
    text = told(published)
    assert text.startswith(COMPARED)
    assert "| What differs | Version 2 | Version 1 |" in text
    assert "| parameter num_leaves | 63 | 31 |" in text
    assert "| training data flights (train) | digest2 | digest1 |" in text
    assert "| metric of training val_auc | 0.72 | 0.71 |" in text
    assert "| search | tuning in May, one of 3 trials | none |" in text
    assert "learning_rate" not in text
    assert "metric of training rows" not in text
    (again,) = report.publish([night])
    assert again == published


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"registered_model": "delay", "compared": ("3", "1")},
            "version 3 was trained with is not known: it was ",
        ),
        (
            {"registered_model": "delay", "compared": ("9", "1")},
            "version 9 was trained with is not known: MLflow",
        ),
        ({"compared": ("2", "1")}, "version 2 was trained with is not known: the monitor has no registry."),
    ],
)
def test_what_is_not_known_of_a_version_says_why(report, make_night, told, changes, reason):
    (published,) = report.publish([make_night(0, artifacts={VERSIONS: COMPARED}, **changes)])
    text = told(published)
    assert f"What {reason}" in text
    assert "| What differs" not in text


def test_versions_that_were_trained_alike_are_said_to_be():
    alike = Trained({"depth": "3"}, {"flights (train)": "a"})
    text = markdown([training_section({"2": alike, "1": alike})])
    assert text.endswith("Nothing differs that their runs in MLflow name.")


def test_cells_are_no_markup_of_the_table():
    text = markdown([Listing("Where", ("Segment", "Rows"), [("a|b", "5")], frozenset({1}))])
    assert text == "## Where\n\n| Segment | Rows |\n| --- | ---: |\n| a\\|b | 5 |"
