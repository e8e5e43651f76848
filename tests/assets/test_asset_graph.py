"""What the Dagster UI shows of a monitor: keys, lineage, partitions, checks."""

import datetime as dt

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import PartitionLoadingContext
from dagster._core.definitions.temporal_context import TemporalContext

from assets.partitions import daily
from jobs.composition import compose
from obs_dagster.monitor.task import outputs

LINEAGE = {
    "raw_log": set(),
    "raw_labels": set(),
    "training_data": set(),
    "registered_model": set(),
    "inference_logs": {"raw_log"},
    "ground_truth": {"raw_labels", "inference_logs"},
    "data_quality": {"inference_logs"},
    "baseline": {"training_data"},
    "profile": {"data_quality", "baseline"},
    "drift": {"profile", "baseline"},
    "performance": {"profile", "ground_truth", "baseline"},
    "service_health": {"profile"},
    "explanations": {"profile", "registered_model", "baseline"},
    "alerts": {"drift", "performance", "service_health", "data_quality"},
    "mlflow_report": {"alerts"},
}
EXTERNAL = {"raw_log", "raw_labels", "training_data", "registered_model"}
UNPARTITIONED = EXTERNAL | {"baseline"}


def _nodes(graph):
    return [graph.get(key) for key in graph.get_all_asset_keys()]


def test_every_monitor_has_all_stages_under_its_name(graph, monitors):
    expected = {dg.AssetKey([model, stage]) for model in monitors for stage in LINEAGE}
    assert set(graph.get_all_asset_keys()) == expected


def test_the_demos_fleet_are_the_monitors(monitors):
    assert list(monitors) == ["arrival_delay", "delay_class", "flight_delay"]


@pytest.mark.parametrize("stage", LINEAGE)
def test_a_stage_comes_after_what_it_reads(graph, monitors, stage):
    for model in monitors:
        parents = graph.get(dg.AssetKey([model, stage])).parent_keys
        assert {key.path[-1] for key in parents} == LINEAGE[stage]
        assert {key.path[0] for key in parents} <= {model}


def test_every_asset_says_what_it_is_and_whose(graph, monitors):
    for node in _nodes(graph):
        model, stage = node.key.path
        assert node.group_name == model
        assert node.description, node.key
        assert node.kinds, node.key
        assert node.owners == [monitors[model].owner]
        assert {"obs/model": model, "obs/stage": stage}.items() <= node.tags.items(), node.key


def test_only_what_others_make_is_external(graph):
    external = {node.key.path[-1] for node in _nodes(graph) if not node.is_executable}
    assert external == EXTERNAL


def test_partitions_are_the_days_of_the_monitor(graph, monitors):
    for node in _nodes(graph):
        model, stage = node.key.path
        if stage in UNPARTITIONED:
            assert node.partitions_def is None
            continue
        keys = node.partitions_def.get_partition_keys()
        assert keys[0] == monitors[model].start.isoformat()
        assert keys[-1] == monitors[model].end.isoformat()


def test_a_range_of_days_is_one_run(graph):
    policies = {node.backfill_policy for node in _nodes(graph) if node.partitions_def is not None}
    assert policies == {dg.BackfillPolicy.single_run()}


def test_a_monitor_without_an_end_has_partitions_up_to_yesterday(small):
    days = daily(small(start="2024-03-01", time_zone="Pacific/Auckland").monitor)
    # 11:30 UTC is half past midnight in Auckland: 4 March is over there
    now = dt.datetime(2024, 3, 4, 11, 30, tzinfo=dt.UTC)
    assert days.get_partition_keys(current_time=now) == [f"2024-03-0{day}" for day in (1, 2, 3, 4)]
    earlier = now - dt.timedelta(hours=1)
    assert days.get_partition_keys(current_time=earlier)[-1] == "2024-03-03"


@pytest.mark.parametrize("at", ["2024-03-03T10:00:00Z", "2024-03-04T10:00:00Z", "2026-01-01T00:00:00Z"])
def test_the_newest_partitions_that_dagster_draws_are_days_of_the_monitor(small, at):
    now = dt.datetime.fromisoformat(at)
    monitor = small(start="2024-03-01", end="2024-03-03", time_zone="Pacific/Auckland").monitor
    days = daily(monitor, now)
    keys = days.get_partition_keys(current_time=now)
    context = PartitionLoadingContext(
        temporal_context=TemporalContext(effective_dt=now, last_event_id=None), dynamic_partitions_store=None
    )
    drawn = days.get_paginated_partition_keys(context, limit=120, ascending=False)
    assert drawn.results == keys[::-1]
    assert keys == [f"2024-03-0{day}" for day in (1, 2, 3)][: now.day - 1 if now.year == 2024 else None]


def test_a_run_ends_with_the_last_day_of_a_monitor_that_has_ended(small):
    days = daily(small(start="2024-03-01", end="2024-12-31").monitor)
    keys = days.get_partition_keys()
    assert len(keys) == 306
    assert list(days.subset_with_partition_keys(reversed(keys)).get_partition_keys()) == keys


def test_every_rule_is_a_check_and_so_is_the_data(graph, monitors):
    expected = {
        dg.AssetCheckKey(dg.AssetKey([model, "alerts"]), rule.name)
        for model, monitor in monitors.items()
        for rule in monitor.alerts
    } | {
        dg.AssetCheckKey(dg.AssetKey([model, "data_quality"]), name)
        for model in monitors
        for name in ("schema", "contract", "volume", "evaluated")
    }
    expected |= {dg.AssetCheckKey(dg.AssetKey([model, "profile"]), "books") for model in monitors}
    assert set(graph.asset_check_keys) == expected
    assert len(expected) >= 4 * len(monitors) + 10


def test_the_log_shows_its_columns_and_their_contract(graph, monitors):
    for model, monitor in monitors.items():
        schema = graph.get(dg.AssetKey([model, "inference_logs"])).metadata["dagster/column_schema"]
        columns = {column.name: column for column in schema.columns}
        put_out = {each.column for each in outputs(monitor) if each.derived is None}
        assert columns.keys() >= {*monitor.features, monitor.logs.columns.prediction_id, *put_out}
        assert columns[monitor.logs.columns.prediction_id].constraints.unique
        for name, feature in monitor.features.items():
            assert columns[name].constraints.nullable == feature.nullable
            assert columns[name].description == feature.description
    assert columns["wind_speed"].constraints.other == ["min 0", "max 160"]
    assert columns["origin"].constraints.other == ["one of EWR, JFK, LGA"]


def test_stages_share_one_process(definitions, monitors):
    for model in monitors:
        job = definitions.resolve_job_def(f"{model}_nightly")
        assert job.executor_def.name == "in_process"
        assert {key.path[-1] for key in job.asset_layer.executable_asset_keys} == LINEAGE.keys() - EXTERNAL


def test_lineage_joins_that_of_another_code_location(small):
    monitor = small(upstream=["warehouse/predictions", "serving"]).monitor
    graph = compose({"small": monitor}).resolve_asset_graph()
    parents = graph.get(dg.AssetKey(["small", "raw_log"])).parent_keys
    assert parents == {dg.AssetKey(["warehouse", "predictions"]), dg.AssetKey("serving")}


def test_two_monitors_do_not_meet(small):
    both = {name: small(name, model=name).monitor for name in ("one", "two")}
    graph = compose(both).resolve_asset_graph()
    for node in _nodes(graph):
        assert {key.path[0] for key in (*node.parent_keys, *node.child_keys)} <= {node.key.path[0]}


def test_kinds_say_what_reads_the_rows_and_where_they_are(small):
    logs = small().monitor.logs.model_dump(exclude_none=True)
    labels = small().monitor.labels.model_dump(exclude_none=True)
    table = {"source": "ibis", "path": "postgres://db/${NAME}", "table": "t"}
    here = small(model="here").monitor
    there = small(model="there", engine={"kind": "spark"}, logs=logs | table, labels=labels | table).monitor
    kinds = {}
    for monitor in (here, there):
        for node in _nodes(compose({monitor.model: monitor}).resolve_asset_graph()):
            kinds[*node.key.path] = node.kinds
    for stage in ("inference_logs", "ground_truth", "baseline", "data_quality", "profile", "performance"):
        assert "duckdb" in kinds["here", stage]
        assert kinds["there", stage] == kinds["here", stage] - {"duckdb"} | {"spark"}
    assert "greatexpectations" in kinds["here", "data_quality"]
    stays = small(model="stays", engine="warehouse", logs=logs | table, labels=labels | table).monitor
    graph = compose({"stays": stays}).resolve_asset_graph()
    assert graph.get(dg.AssetKey(["stays", "data_quality"])).kinds == {"sql", "warehouse"}
    for stage in ("raw_log", "raw_labels"):
        assert (kinds["here", stage], kinds["there", stage]) == ({"file"}, {"table"})


def test_a_model_without_labels_has_the_same_lineage(small):
    graph = compose({"small": small(labels=None).monitor}).resolve_asset_graph()
    assert {key.path[-1] for key in graph.get_all_asset_keys()} == LINEAGE.keys()


@pytest.mark.parametrize(
    ("baseline", "parents"),
    [
        ({"kind": "training", "path": "training/{version}.parquet"}, set()),
        ({"kind": "days", "first": "2024-03-04", "last": "2024-03-05"}, {"data_quality"}),
        ({"kind": "rolling"}, {"data_quality"}),
    ],
    ids=["training", "days", "rolling"],
)
def test_a_baseline_of_the_log_comes_after_its_days(small, baseline, parents):
    graph = compose({"small": small(baseline=baseline).monitor}).resolve_asset_graph()
    found = graph.get(dg.AssetKey(["small", "baseline"])).parent_keys
    assert {key.path[-1] for key in found} == parents | {"training_data"}
