"""What models put out in several columns, or in parts of one: intervals, quantiles, scores of classes."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.cli.check import inspect
from obs_dagster.catalogue import monitor_of
from obs_dagster.discovery.discover import discover
from obs_dagster.discovery.draft import Asked
from obs_dagster.discovery.error import DiscoveryError
from obs_dagster.discovery.writing import written
from obs_dagster.settings import Settings

FIRST, TODAY = dt.date(2024, 3, 1), dt.date(2024, 3, 4)
CLASSES = ["on time", "late", "very late"]


def proposed(service, labels):
    """The draft, and the monitor that is written of it; `obs check` finds nothing wrong with it."""
    service.write("labels/all.csv", labels)
    draft = discover(Asked("risk", str(service.root / "logs"), str(service.root / "labels")))
    file = service.root / "monitors" / "risk.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(written(draft, file.parent, TODAY), encoding="utf-8")
    monitor = monitor_of(file)
    findings = list(inspect(monitor, Settings(home=service.root / ".obs")))
    assert [each.detail for each in findings if each.status != "ok"] == []
    assert any(each.what == "contract" and "all sound" in each.detail for each in findings)
    return draft, monitor


def regressor(service, change):
    """Logs of a predicted number, and its labels."""
    frames = service.log(
        change=lambda frame: change(frame.drop(columns="score"), (frame["amount"] * 2).round(3))
    )
    rows = pd.concat(frames)
    return pd.DataFrame({"request_id": rows["request_id"], "actual": rows["amount"] * 2.1})


@pytest.mark.parametrize(
    ("low", "high", "sure"),
    [
        ("predicted_minutes_lower", "predicted_minutes_upper", True),
        ("yhat_lower", "yhat_upper", True),
        ("piLow95", "piHigh95", True),
        ("minutes_lo", "minutes_hi", False),
    ],
)
def test_a_predicted_interval(service, low, high, sure):
    labels = regressor(
        service, lambda rows, said: rows.assign(**{low: said - 5, "predicted_minutes": said, high: said + 9})
    )
    draft, monitor = proposed(service, labels)
    columns = monitor.logs.columns
    assert (monitor.task, columns.prediction, columns.interval) == (
        "regression",
        "predicted_minutes",
        (low, high),
    )
    assert draft.choices["interval"].sure is sure
    assert draft.choices["prediction"].sure
    assert set(monitor.features) == {"amount", "age", "country"}


@pytest.mark.parametrize(
    "names",
    [
        {0.1: "q10", 0.5: "q50", 0.9: "q90"},
        {0.025: "p2_5", 0.5: "p50", 0.975: "p97_5"},
        {0.05: "pred_quantile_0.05", 0.95: "pred_quantile_0.95"},
        {0.25: "yhat 25%", 0.75: "yhat 75%"},
    ],
)
def test_predicted_quantiles(service, names):
    def change(rows, said):
        return rows.assign(yhat=said, **{name: said * (0.5 + level) for level, name in names.items()})

    draft, monitor = proposed(service, regressor(service, change))
    columns = monitor.logs.columns
    assert (columns.prediction, columns.quantiles, columns.interval) == ("yhat", names, None)
    assert draft.choices["quantiles"].value == ", ".join(names.values())


def test_the_median_is_the_prediction_where_there_is_no_other(service):
    def change(rows, said):
        return rows.assign(q05=said * 0.4, q50=said, q95=said * 3)

    columns = proposed(service, regressor(service, change))[1].logs.columns
    assert (columns.prediction, columns.quantiles) == ("q50", {0.05: "q05", 0.95: "q95"})


def test_what_is_only_called_so_is_a_feature(service):
    def change(rows, said):
        noise = np.random.default_rng(1).permutation(said)
        return rows.assign(predicted=said, price_low=noise, price_high=noise + 1, p10=noise, p90=said)

    columns = proposed(service, regressor(service, change))[1]
    assert (columns.logs.columns.interval, columns.logs.columns.quantiles) == (None, {})
    assert {"price_low", "price_high", "p10", "p90"} <= {*columns.features}


def served(rows, form):
    """Scores of three classes in one column, and the class of the highest."""
    parts = np.random.default_rng(len(rows)).dirichlet([1, 1, 1], len(rows)).round(9)
    parts[:, 2] = 1 - parts[:, 0] - parts[:, 1]
    named = [dict(zip(CLASSES, row.tolist(), strict=True)) for row in parts]
    packed = {"list": parts.tolist(), "struct": named, "json": list(map(json.dumps, parts.tolist()))}[form]
    return packed, [CLASSES[place] for place in parts.argmax(axis=1)]


@pytest.mark.parametrize("form", ["list", "struct", "json"])
@pytest.mark.parametrize("predicted", [True, False])
def test_scores_of_classes_in_one_column(service, form, predicted):
    labels = []
    for back in range(3):
        day = FIRST + dt.timedelta(days=back)
        rows = service.rows(day).drop(columns="score")
        packed, highest = served(rows, form)
        labels.append(pd.DataFrame({"request_id": rows["request_id"], "label": highest}))
        rows = rows.assign(predicted_class=highest) if predicted else rows
        table = pa.Table.from_pandas(rows, preserve_index=False).append_column("probabilities", [packed])
        place = service.root / "logs" / f"{day}.parquet"
        place.parent.mkdir(exist_ok=True)
        pq.write_table(table, place)
    draft, monitor = proposed(service, pd.concat(labels))
    assert monitor.task == "multiclass_classification"
    assert monitor.logs.columns.scores == "probabilities"
    # a list's classes are in the order of its places, a struct's are told by its names
    assert list(monitor.multiclass.classes) == CLASSES
    assert draft.choices["scores"].sure is (predicted or form == "struct")
    assert set(monitor.features) == {"amount", "age", "country"}


def test_a_list_of_two_has_the_score_in_the_second_place(service):
    rows = pd.concat(service.log())
    for back in range(3):
        day = FIRST + dt.timedelta(days=back)
        (service.root / "logs" / f"{day}.csv").unlink()
        frame = service.rows(day)
        pairs = [[1 - score, score] for score in frame["score"]]
        service.write(f"logs/{day}.jsonl", frame.drop(columns="score").assign(probabilities=pairs))
    label = np.where(np.random.default_rng(0).uniform(size=len(rows)) < rows["score"], "yes", "no")
    monitor = proposed(service, pd.DataFrame({"request_id": rows["request_id"], "label": label}))[1]
    assert (monitor.task, monitor.logs.columns.score) == ("binary_classification", "probabilities[1]")


def test_a_payload_table_of_a_serving_platform(service):
    for back in range(3):
        day = FIRST + dt.timedelta(days=back)
        rows = [
            {
                "databricks_request_id": each.request_id,
                "timestamp_ms": int(each.created_at.timestamp() * 1000),
                "status_code": each.status,
                "execution_time_ms": each.latency_ms,
                "request": json.dumps(
                    {"dataframe_records": [{"amount": each.amount, "country": each.country}]}
                ),
                "response": json.dumps({"predictions": [each.score]}),
                "request_metadata": {"model_name": "risk", "model_version": "3"},
            }
            for each in service.rows(day).itertuples()
        ]
        service.write(f"logs/{day}.parquet", pd.DataFrame(rows))
    ids = [f"{FIRST}-{row}" for row in range(100)]
    monitor = proposed(
        service, pd.DataFrame({"databricks_request_id": ids, "label": np.resize([True, False], 100)})
    )[1]
    columns = monitor.logs.columns
    assert (monitor.logs.source, columns.score, columns.time) == ("capture", "output", "time")
    assert (columns.prediction_id, columns.version, columns.latency_ms, columns.status) == (
        "prediction_id",
        "version",
        "latency_ms",
        "status",
    )
    assert set(monitor.features) == {"amount", "country"}


def test_requests_of_several_rows_are_refused(service):
    frame = service.rows(FIRST).drop(columns="score")
    said = [[0.1, 0.7, 0.4] if row % 2 else [0.3] for row in range(len(frame))]
    service.write(f"logs/{FIRST}.jsonl", frame.assign(predictions=said))
    with pytest.raises(DiscoveryError, match=r"several values in predictions.*log a row for each"):
        discover(Asked("risk", str(service.root / "logs")))
