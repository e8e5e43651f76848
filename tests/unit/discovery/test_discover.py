"""What a monitor says of a log that nobody described."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from obs_dagster.catalogue import monitor_of
from obs_dagster.discovery.discover import discover
from obs_dagster.discovery.draft import Asked
from obs_dagster.discovery.error import DiscoveryError
from obs_dagster.discovery.writing import written

FIRST, TODAY = dt.date(2024, 3, 1), dt.date(2024, 3, 4)


def drafted(service, *, labels="", training="", columns=(), zone="", ask=None):
    asked = Asked("risk", str(service.root / "logs"), labels, training, dict(columns), time_zone=zone)
    return discover(asked) if ask is None else discover(asked, ask)


def loaded(service, draft):
    """The monitor as the project's own loader reads what is written."""
    file = service.root / "monitors" / "risk.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(written(draft, file.parent, TODAY), encoding="utf-8")
    return monitor_of(file)


def roles(monitor):
    named = monitor.logs.columns.model_dump(exclude_none=True)
    return {role: column for role, column in named.items() if column}


def test_a_binary_classifier_with_labels(service):
    frames = service.log()
    rows = pd.concat(frames)
    fraud = np.random.default_rng(0).uniform(size=len(rows)) < rows["score"]
    known = rows["created_at"] + pd.Timedelta(days=2)
    service.write(
        "labels/all.csv",
        pd.DataFrame(
            {"request_id": rows["request_id"], "outcome": np.where(fraud, "bad", "good"), "known": known}
        ),
    )
    draft = drafted(service, labels=str(service.root / "labels"))
    monitor = loaded(service, draft)
    assert monitor.task == "binary_classification"
    assert roles(monitor) == {
        "prediction_id": "request_id",
        "time": "created_at",
        "version": "model_version",
        "score": "score",
        "latency_ms": "latency_ms",
        "status": "status",
    }
    assert monitor.logs.ok_statuses == ("200",)
    assert {name: each.type for name, each in monitor.features.items()} == {
        "amount": "number",
        "age": "integer",
        "country": "category",
    }
    assert (monitor.labels.columns.label, monitor.labels.positive) == ("outcome", "bad")
    assert monitor.labels.max_delay_days == 3
    assert (monitor.start, monitor.end, monitor.time_zone) == (dt.date(2024, 3, 1), None, "UTC")
    assert monitor.segments == ("country",)
    assert all(choice.sure for choice in draft.choices.values())
    assert monitor.alerts, "a verdict needs rules"


def test_suggestions_are_comments_and_no_contract(service):
    service.log()
    text = written(drafted(service), service.root / "monitors", TODAY)
    assert "suggestion: nullable: false, min: 0, max: " in text
    assert "allowed: [DE, FR]" in text
    assert "age: {type: integer}" in text


def test_a_regressor(service):
    def change(frame):
        return frame.drop(columns=["score"]).assign(
            predicted_minutes=frame["amount"] * 2, q10=frame["amount"]
        )

    frames = service.log(change=change)
    rows = pd.concat(frames)
    service.write(
        "labels.csv", pd.DataFrame({"request_id": rows["request_id"], "actual_minutes": rows["amount"] * 2.1})
    )
    monitor = loaded(service, drafted(service, labels=str(service.root / "labels.csv")))
    assert (monitor.task, monitor.logs.columns.prediction) == ("regression", "predicted_minutes")
    assert monitor.labels.columns.label == "actual_minutes"


def test_a_multiclass_model_by_scores_that_sum_to_one(service):
    def change(frame):
        parts = np.random.default_rng(1).dirichlet([1, 1, 1], len(frame))
        named = dict(zip(["p_on_time", "p_late", "p_very_late"], parts.T, strict=True))
        return frame.drop(columns=["score"]).assign(**named)

    rows = pd.concat(service.log(change=change))
    classes = np.resize(["on time", "late", "very late"], len(rows))
    service.write("labels.csv", pd.DataFrame({"request_id": rows["request_id"], "label": classes}))
    monitor = loaded(service, drafted(service, labels=str(service.root / "labels.csv")))
    assert monitor.task == "multiclass_classification"
    assert monitor.logs.columns.scores == {
        "on time": "p_on_time",
        "late": "p_late",
        "very late": "p_very_late",
    }


def test_a_ranking(service):
    def change(frame):
        n = len(frame)
        return frame.drop(columns=["age"]).assign(
            query_id=[f"{frame['request_id'][0]}-{row // 5}" for row in range(n)],
            product_id=[f"p{(row * 7 + row // 5) % 40}" for row in range(n)],
            position=[row % 5 + 1 for row in range(n)],
            score=np.random.default_rng(2).normal(size=n),
        )

    service.log(change=change)
    monitor = loaded(service, drafted(service))
    assert monitor.task == "ranking"
    found = roles(monitor)
    assert (found["request"], found["item"], found["rank"]) == ("query_id", "product_id", "position")
    assert found["prediction_id"] == "request_id"


def test_an_uplift_model(service):
    rng = np.random.default_rng(3)

    def change(frame):
        n = len(frame)
        coupon = rng.choice(["yes", "no"], n)
        return frame.drop(columns=["score"]).assign(uplift=rng.normal(0, 0.1, n), treated=coupon)

    rows = pd.concat(service.log(change=change))
    bought = rng.random(len(rows)) < 0.4
    service.write(
        "labels.csv", pd.DataFrame({"request_id": rows["request_id"], "bought": bought.astype(int)})
    )
    monitor = loaded(service, drafted(service, labels=str(service.root / "labels.csv")))
    found = roles(monitor)
    assert (monitor.task, found["score"], found["treatment"]) == ("uplift", "uplift", "treated")
    assert {"uplift", "treated"}.isdisjoint(monitor.features)


def test_a_treatment_beside_a_probability_is_a_feature(service):
    rows = pd.concat(service.log(change=lambda frame: frame.assign(treated=frame.index % 2 == 0)))
    late = np.random.default_rng(0).random(len(rows)) < rows["score"]
    service.write("labels.csv", pd.DataFrame({"request_id": rows["request_id"], "label": late.astype(int)}))
    monitor = loaded(service, drafted(service, labels=str(service.root / "labels.csv")))
    assert monitor.task == "binary_classification"
    assert "treated" in monitor.features


def test_a_model_without_ground_truth(service):
    service.log(
        change=lambda frame: frame.assign(score=frame["amount"] * -3).rename(
            columns={"score": "anomaly_score"}
        )
    )
    monitor = loaded(service, drafted(service))
    assert (monitor.task, monitor.logs.columns.score) == ("unlabelled", "anomaly_score")


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_formats_with_types_of_their_own(service, kind):
    service.log(place=f"logs/day={{day}}/rows.{kind}")
    monitor = loaded(service, drafted(service))
    assert monitor.logs.source == kind
    assert monitor.logs.columns.time == "created_at"
    assert monitor.features["age"].type == "integer"


def test_hostile_names_are_quoted(service):
    names = {"amount": "a: b #c", "country": "no", "age": "1"}
    service.log(change=lambda frame: frame.rename(columns=names).replace({"DE": "true", "FR": "a, b]"}))
    monitor = loaded(service, drafted(service))
    assert set(monitor.features) == set(names.values())


def test_folders_of_another_time_zone(service):
    def change(frame):
        return frame.assign(created_at=frame["created_at"] + pd.Timedelta(hours=-2))

    service.log(change=change)
    draft = drafted(service)
    assert draft.zone.value == "Etc/GMT-2"
    assert not draft.zone.sure
    assert drafted(service, zone="Europe/Athens").zone.value == "Europe/Athens"
    with pytest.raises(DiscoveryError, match="Europe/Berlin"):
        drafted(service, zone="Europe/Berlim")


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Europe/Berlin", "2024-10-24"),
        ("Europe/Berlin", "2024-03-28"),
        ("America/New_York", "2024-10-31"),
        ("Australia/Sydney", "2024-10-03"),
    ],
)
def test_days_of_a_zone_whose_clock_changes(service, zone, first):
    for back in range(6):
        day = dt.date.fromisoformat(first) + dt.timedelta(days=back)
        begins, ends = (pd.Timestamp(each, tz=zone) for each in (day, day + dt.timedelta(days=1)))
        times = pd.date_range(begins, ends, periods=201, inclusive="left", unit="us").tz_convert("UTC")
        service.write(f"logs/{day}.csv", service.rows(day, len(times)).assign(created_at=times))
    found = drafted(service).zone
    assert (found.value, found.sure) == (zone, False)


def test_a_log_of_one_row_has_an_id(service):
    [frame] = service.log(days=1, n=1)
    service.write("labels/all.csv", frame[["request_id"]].assign(is_fraud=True))
    draft = drafted(service, labels=str(service.root / "labels"), columns={"score": "score"})
    assert loaded(service, draft).labels.columns.prediction_id == "request_id"


def test_training_rows_are_found_by_version(service):
    frames = service.log()
    service.write("training/v3.csv", frames[0])
    monitor = loaded(service, drafted(service, training=str(service.root / "training")))
    assert monitor.baseline.kind == "training"
    assert monitor.baseline.path.endswith("training/{version}.csv")
    unnamed = service.write("train.csv", frames[0])
    draft = drafted(service, training=str(unnamed))
    assert (draft.baseline.keys["kind"], draft.baseline.sure) == ("rolling", False)
    assert "training/v3.csv" in draft.baseline.why


def test_what_is_not_known_is_refused_with_the_option(service):
    service.log(change=lambda frame: frame.rename(columns={"score": "zzz", "created_at": "qqq"}))
    with pytest.raises(DiscoveryError, match="--score COLUMN"):
        drafted(service)
    with pytest.raises(DiscoveryError, match="Did you mean 'zzz'"):
        drafted(service, columns={"score": "zz"})
    monitor = loaded(service, drafted(service, columns={"score": "zzz"}))
    # moments by their values, though the name does not say so
    assert monitor.logs.columns.time == "qqq"


def test_two_columns_that_could_be_it_are_a_guess_or_a_question(service):
    service.log(change=lambda frame: frame.assign(received_at=frame["created_at"]))
    draft = drafted(service)
    assert not draft.roles["time"].sure
    text = written(draft, service.root / "monitors", TODAY)
    assert "GUESS" in text
    assert "received_at" in text
    asked = []

    def ask(question):
        asked.append(question.option)
        return "received_at" if question.option == "--time" else None

    assert drafted(service, ask=ask).roles["time"].column == "received_at"
    assert "--time" in asked


def test_columns_that_say_nothing_are_left_out_with_the_reason(service):
    def change(frame):
        return frame.assign(
            user_id=[f"u-{each}" for each in frame["request_id"]],
            empty=None,
            booked=frame["created_at"].dt.strftime("%Y-%m-%d"),
        )

    service.log(change=change)
    left = {each.name: each.why for each in drafted(service).left_out}
    assert left.keys() == {"user_id", "empty", "booked"}
    assert "no value" in left["empty"]
    assert "moments" in left["booked"]


def test_one_file_with_many_days(service):
    frames = [service.rows(FIRST + dt.timedelta(days=back)) for back in range(3)]
    service.write("logs/all.csv", pd.concat(frames))
    draft = drafted(service)
    assert (draft.first, draft.last) == (FIRST, FIRST + dt.timedelta(days=2))
    assert loaded(service, draft).logs.path == "../logs/all.csv"


def test_a_log_without_version_and_id_whose_labels_are_in_it(service):
    def change(frame):
        late = np.where(frame["score"] > 0.5, "late", "on time")
        return frame.drop(columns=["request_id", "model_version"]).assign(actual=late)

    service.log(change=change)
    draft = drafted(service)
    monitor = loaded(service, draft)
    assert (draft.version.constant, draft.choices["version"].sure) == ("1", False)
    assert (monitor.logs.version, monitor.labels.columns.label, monitor.labels.positive) == (
        "1",
        "actual",
        "late",
    )
    assert "prediction_id" not in draft.roles


def test_folders_are_columns_and_versions(service):
    service.log(
        place="logs/region=eu/v3/{day}.csv", change=lambda frame: frame.drop(columns=["model_version"])
    )
    service.log(
        place="logs/region=us/v4/{day}.csv", change=lambda frame: frame.drop(columns=["model_version"])
    )
    draft = drafted(service)
    monitor = loaded(service, draft)
    assert monitor.logs.path == "../logs/region=*/{version}/{day}.csv"
    assert (list(draft.version.versions), monitor.features["region"].type) == (["v3", "v4"], "category")


def test_a_csv_file_of_another_country(service):
    for back in range(3):
        day = FIRST + dt.timedelta(days=back)
        rows = service.rows(day)
        german = pd.DataFrame(
            {
                "Kennung": rows["request_id"],
                "Zeitpunkt": rows["created_at"].dt.strftime("%d.%m.%Y %H:%M:%S"),
                "Modellversion": "2.1",
                "Betrag": rows["amount"],
                "Score": rows["score"],
            }
        )
        place = service.root / "logs" / f"export_{day:%Y%m%d}.csv"
        place.parent.mkdir(exist_ok=True)
        german.to_csv(place, index=False, sep=";", decimal=",")
    draft = drafted(service)
    monitor = loaded(service, draft)
    assert (monitor.logs.csv.decimal, monitor.logs.times.format) == (",", "%d.%m.%Y %H:%M:%S")
    assert monitor.features["Betrag"].type == "number"
    assert list(draft.version.versions) == ["2.1"]
    assert all(choice.sure for choice in draft.choices.values())


def test_moments_since_1970_need_no_word(service):
    service.log(
        change=lambda frame: frame.assign(
            created_at=frame["created_at"].astype("datetime64[ms, UTC]").astype("int64")
        )
    )
    assert loaded(service, drafted(service)).logs.columns.time == "created_at"


def test_columns_inside_of_others(service):
    for back in range(3):
        day = FIRST + dt.timedelta(days=back)
        lines = [
            {
                "event": {"id": row.request_id, "at": row.created_at.isoformat()},
                "model": {"version": row.model_version},
                "request": {"features": {"amount": row.amount, "country": row.country}},
                "response": {"probability": row.score},
            }
            for row in service.rows(day).itertuples()
        ]
        place = service.root / "logs" / f"{day}.jsonl"
        place.parent.mkdir(exist_ok=True)
        place.write_text("\n".join(map(json.dumps, lines)))
    monitor = loaded(service, drafted(service))
    columns = monitor.logs.columns
    assert (columns.prediction_id, columns.time, columns.version) == ("event.id", "event.at", "model.version")
    assert columns.score == "response.probability"
    assert {name: each.column for name, each in monitor.features.items()} == {
        "amount": "request.features.amount",
        "country": "request.features.country",
    }


@pytest.mark.parametrize(
    ("name", "scaled", "scale"),
    [
        ("fraud_probability_pct", lambda score: score * 100, "percent"),
        ("logit", lambda score: np.log(score / (1 - score)), "log_odds"),
    ],
)
def test_scores_in_percent_or_as_log_odds(service, name, scaled, scale):
    def change(frame):
        return frame.assign(**{name: scaled(frame["score"].clip(0.01, 0.99))}).drop(columns="score")

    rows = pd.concat(service.log(change=change))
    service.write("labels.csv", rows[["request_id"]].assign(label=rows["score"] > 0.5))
    monitor = loaded(service, drafted(service, labels=str(service.root / "labels.csv")))
    assert (monitor.logs.columns.score, monitor.logs.scale) == (name, scale)


def test_labels_that_are_keyed_by_customer_and_day(service):
    customers = [f"c{row}" for row in range(100)]
    rows = pd.concat(service.log(change=lambda frame: frame.assign(customer=customers)))
    keyed = pd.DataFrame(
        {
            "customer": customers * 3,
            "date": rows["created_at"].dt.strftime("%Y-%m-%d"),
            "churned": rows["score"] > 0.5,
        }
    )
    service.write("labels.csv", keyed)
    monitor = loaded(service, drafted(service, labels=str(service.root / "labels.csv")))
    assert monitor.labels.columns.keys == {"customer": "customer", "date": "{day}"}
    assert monitor.labels.columns.label == "churned"
    assert monitor.logs.columns.prediction_id == "request_id"


def test_a_dot_in_the_name_of_a_column_is_no_column_around_it(service):
    service.log(place="logs/{day}.parquet", change=lambda frame: frame.rename(columns={"age": "person.age"}))
    monitor = loaded(service, drafted(service))
    assert monitor.features["person.age"].column is None


def test_versions_that_score_the_same_requests_share_ids(service):
    def in_the_shadow(frame):
        return pd.concat([frame, frame.assign(model_version="v4", score=frame["score"] / 2)])

    for back, frame in enumerate(service.log(change=in_the_shadow)):
        labels = frame[["request_id"]].assign(is_fraud=np.arange(len(frame)) % 5 == 0)
        service.write(f"labels/{back}.csv", labels)
    draft = drafted(service, labels=str(service.root / "labels"))
    monitor = loaded(service, draft)
    assert monitor.logs.columns.prediction_id == "request_id"
    assert monitor.labels.columns.prediction_id == "request_id"
    assert "request_id" not in monitor.features


def test_an_id_that_rows_of_a_version_share_identifies_none(service):
    def twice(frame):
        return pd.concat([frame, frame, frame.assign(model_version="v4")])

    service.log(change=twice)
    assert "prediction_id" not in drafted(service).roles
