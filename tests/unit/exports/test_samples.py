"""What is exported: latest values under Prometheus' names, states, thresholds; bounded, never silently."""

import datetime as dt
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from obs_dagster.exports.collect import collect
from obs_dagster.exports.exposition import exposition
from obs_dagster.exports.gauges import gauges
from obs_dagster.exports.reading import READINGS
from obs_dagster.exports.reference import reference_markdown
from obs_dagster.exports.sample import Gauge
from obs_dagster.metrics.registry import definitions
from tests.health import HOSTILE


def values(samples, name, **labels):
    return {
        tuple(text for label, text in each.about.items() if label not in labels): each.value
        for each in samples
        if each.name == name and labels.items() <= each.labels.items()
    }


def test_values_are_of_the_last_night_in_base_units_with_the_ends_of_their_intervals(filled):
    found = values(filled.samples, "obs_model_latency_p95_seconds", model="risk", segment="*", window="1")
    assert found == {("1",): 0.12, ("2",): 0.08}
    whole = {"version": "1", "segment": "*"}
    assert values(filled.samples, "obs_model_latency_p95_low_seconds", **whole) == {("risk", "1"): 0.11}
    assert values(filled.samples, "obs_model_latency_p95_high_seconds", **whole) == {("risk", "1"): 0.14}
    assert values(filled.samples, "obs_model_volume_rows", **whole) == {("risk", "1"): 500}
    assert values(filled.samples, "obs_model_psi", column="income") == {("risk", "1", "*", "7"): 0.31}


def test_what_needs_labels_is_of_the_last_day_that_waits_for_none(filled):
    assert values(filled.samples, "obs_model_recall_ratio", model="risk") == {("1", "*", "1"): 0.75}
    (recall,) = (each for each in filled.samples if each.name == "obs_model_recall_ratio")
    days = values(filled.samples, "obs_model_day_timestamp_seconds", model="risk")
    # midnight in Berlin
    assert recall.at == dt.datetime(2024, 3, 7, 23, tzinfo=dt.UTC)
    assert days == {("any",): recall.at.timestamp() + 2 * 86_400, ("complete",): recall.at.timestamp()}


def test_what_has_no_value_is_counted_and_is_no_number(filled):
    assert values(filled.samples, "obs_model_unknown_values") == {("risk",): 1}
    assert not values(filled.samples, "obs_model_psi", column="score")


def test_the_night_its_rows_and_states_are_told_and_a_model_without_nights_too(filled):
    risk = {"model": "risk"}
    ended = values(filled.samples, "obs_last_night_timestamp_seconds", **risk)[()]
    assert values(filled.samples, "obs_last_night_age_seconds", **risk) == {
        (): filled.now.timestamp() - ended
    }
    assert values(filled.samples, "obs_last_night_rows", **risk) == {(): 507}
    assert values(filled.samples, "obs_last_night_quarantined_rows", **risk) == {(): 7}
    for name, about in (("obs_model_state", "idle"), ("obs_version_state", "1"), ("obs_version_state", "2")):
        label = "model" if name == "obs_model_state" else "version"
        states = values(filled.samples, name, **{label: about})
        assert Counter(states.values())[1] == 1, "it is in one state"
    assert values(filled.samples, "obs_version_state", version="1", state="failing") == {("risk",): 1}


def test_what_the_night_took_is_told_by_stage_and_per_million_rows(filled):
    assert values(filled.samples, "obs_stage_cpu_seconds", model="risk") == {("profile",): 50}
    assert values(filled.samples, "obs_night_duration_seconds") == {("risk",): 40}
    assert values(filled.samples, "obs_night_seconds_per_million_rows") == {("risk",): 40e6 / 507}
    assert values(filled.samples, "obs_night_saturation_ratio") == {("risk",): 0.625}
    assert values(filled.samples, "obs_night_window_ratio") == {("risk",): 40 / 86_400}
    assert not values(filled.samples, "obs_night_window_left_seconds")
    assert values(filled.samples, "obs_program_info") == {("risk", "python", "3.11.7"): 1}


def test_alerts_have_their_states_and_thresholds_in_the_unit_of_the_metric(filled):
    counted = values(filled.samples, "obs_alerts", model="risk")
    assert {each: number for each, number in counted.items() if number} == {
        ("critical", "firing"): 1,
        ("warning", "pending"): 1,
    }
    assert set(values(filled.samples, "obs_alerts", model="idle").values()) == {0}
    assert values(filled.samples, "obs_incidents_open") == {("idle",): 0, ("risk",): 1}
    firing = values(filled.samples, "obs_alert_state", state="firing", rule="slow")
    assert firing == {("risk", "1", "*", "critical", "false", "false"): 1}
    assert values(filled.samples, "obs_alert_threshold", rule="slow", metric="latency_p95") == {
        ("risk", "1", "*", "1", "above"): 0.25
    }
    # of rules that name a number; the other one's is what it held its open alert against
    assert values(filled.samples, "obs_rule_threshold", model="risk") == {
        ("slow", "latency_p95", "1", "above", "critical"): 0.25
    }
    assert values(filled.samples, "obs_alert_threshold", rule="moved", column="income") == {
        ("risk", "1", "*", "psi", "7", "above"): 0.2
    }


def test_the_outbox_tells_how_much_waits_and_since_when(filled):
    assert values(filled.samples, "obs_undelivered_notifications") == {("idle",): 0, ("risk",): 1}
    (oldest,) = values(filled.samples, "obs_oldest_undelivered_timestamp_seconds").values()
    assert oldest == (filled.now - dt.timedelta(hours=25)).timestamp()
    assert values(filled.samples, "obs_notifications_total") == {("risk", "critical"): 1}


def test_series_are_bounded_per_model_the_least_detailed_stay_and_it_is_said(filled):
    few = collect(filled.history, filled.monitors, filled.now, series=50)
    told = "obs_export_samples_left_out"
    number = Counter(each.labels.get("model") for each in few if each.name != told)
    whole = Counter(each.labels.get("model") for each in filled.samples if each.name != told)
    assert number == whole | {"risk": 50}
    assert values(few, told) == {("idle",): 0, ("risk",): whole["risk"] - 50}
    assert values(few, "obs_model_recall_ratio")
    assert not values(few, "obs_model_latency_p95_seconds", segment=HOSTILE), "cells are left out first"
    assert values(filled.samples, "obs_export_samples_left_out") == {("idle",): 0, ("risk",): 0}


def test_what_fails_in_one_reading_is_said_and_keeps_back_no_other(filled, monkeypatch):
    def broken(_seen):
        raise RuntimeError("never foreseen")
        yield

    monkeypatch.setattr(READINGS.named("alerts"), "samples", broken, raising=False)
    found = collect(filled.history, filled.monitors, filled.now, series=2_000)
    assert values(found, "obs_export_reading_failed")["alerts",] == 1
    assert not values(found, "obs_alerts")
    assert values(found, "obs_last_night_rows")


def test_both_databases_give_the_same_samples(filled, postgres_database):
    from obs_dagster.history import History
    from tests.health import fill

    with History.open(postgres_database()) as history:
        fill(history)
        assert collect(history, filled.monitors, filled.now, series=2_000) == filled.samples


def test_any_label_comes_back_from_the_text_format(filled):
    families = list(text_string_to_metric_families(exposition(filled.samples).decode()))
    read = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }
    assert read == {(each.name, tuple(sorted(each.about.items()))): each.value for each in filled.samples}
    assert any(HOSTILE in dict(labels).values() for _, labels in read)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_finds_nothing_wrong_with_any_name_that_may_be_exported():
    labels = [each.of(1, **dict.fromkeys(each.labels, "x")) for each in gauges().values()]
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=exposition(labels), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_every_registered_metric_has_a_name_of_its_own():
    names = [each for each in gauges() if each.startswith("obs_model_")]
    assert len(names) == 3 * len(definitions()) + 3, "and the day, the unknown ones, the state"


@pytest.mark.parametrize(
    "wrong",
    [
        ("obs_latency", (), "seconds"),
        ("latency_seconds", (), "seconds"),
        ("obs_seen", (), "", "counter"),
        ("obs__x",),
    ],
)
def test_a_name_without_its_unit_is_refused(wrong):
    name, *rest = wrong
    with pytest.raises(ValueError, match="is not named like obs_"):
        Gauge(name, "It means something.", *rest)


def test_the_reference_of_names_is_up_to_date():
    committed = (Path(__file__).parents[3] / "docs" / "exported_names.md").read_text(encoding="utf-8")
    assert committed == reference_markdown(), (
        "python -m obs_dagster.exports.reference > docs/exported_names.md"
    )
