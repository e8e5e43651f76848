"""The dashboards of deploy/: up to date, as Grafana documents them, every query asked of real servers."""

import datetime as dt
import json
import re
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest
import yaml
from sqlalchemy import create_engine, text

from obs_dagster.catalogue import monitors_of
from obs_dagster.dashboards.__main__ import files
from obs_dagster.dashboards.dialect import DIALECTS
from obs_dagster.exports.collect import collect
from obs_dagster.exports.gauges import gauges
from obs_dagster.exports.way import way_of
from obs_dagster.history import History
from obs_dagster.metrics.registry import shown_in
from obs_dagster.monitor.task import TASKS
from tests.grafana import interpolated, panels, sql_of
from tests.health import NOW, RECORDS, described, fill
from tests.servers import asked, prometheus_at

DEPLOY = Path(__file__).parents[3] / "deploy"
SCHEMA = json.loads(Path(__file__).with_name("grafana.schema.json").read_text(encoding="utf-8"))
DOCUMENTS = {name: json.loads(content) for name, content in files().items()}
SHOWN = (NOW - dt.timedelta(days=90), NOW)
CHOSEN = {"model": ["risk"], "version": ["1", "2"], "segment": ["*"], "window": ["1"]}


@pytest.fixture(params=sorted(DOCUMENTS))
def document(request):
    return DOCUMENTS[request.param]


def test_what_is_committed_is_what_is_made():
    folder = DEPLOY / "grafana" / "dashboards"
    committed = {
        each.relative_to(folder).as_posix(): each.read_text("utf-8") for each in folder.rglob("*.json")
    }
    assert committed == files(), "python -m obs_dagster.dashboards"


def test_every_dashboard_is_as_grafana_documents_it(document):
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


def test_panels_have_ids_of_their_own_and_lie_beside_one_another(document):
    every = [*document["panels"], *(inner for each in document["panels"] for inner in each.get("panels", []))]
    ids = [each["id"] for each in every]
    assert len(ids) == len(set(ids))
    taken = set()
    for each in every:
        place = each["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, each["title"]
        taken |= cells


def test_dashboards_of_a_folder_have_uids_of_their_own():
    for dialect in DIALECTS:
        uids = [each["uid"] for name, each in DOCUMENTS.items() if name.startswith(f"{dialect.name}/")]
        assert len(uids) == len(set(uids)) >= 4


def test_every_variable_that_a_query_names_can_be_chosen(document):
    known = {each["name"] for each in document["templating"]["list"]} | {"__from", "__to", "__timeFilter"}
    named = set(re.findall(r"\$\{?(\w+)", json.dumps([document["panels"], document["annotations"]])))
    assert named <= known


def test_what_a_model_is_judged_by_is_drawn_for_its_task():
    for task in TASKS.all():
        document = DOCUMENTS[f"postgresql/model-{task.replace('_', '-')}.json"]
        titles = {each["title"] for each in panels(document)}
        judged = {each.title for each in shown_in("verdict", task) if each.family == "performance"}
        assert judged <= titles


def test_every_name_that_prometheus_is_asked_for_is_exported():
    files_of_rules = [
        yaml.safe_load(each.read_text("utf-8")) for each in (DEPLOY / "prometheus").glob("*rules.yaml")
    ]
    rules = [rule for each in files_of_rules for group in each["groups"] for rule in group["rules"]]
    asked_for = json.dumps(DOCUMENTS) + "".join(rule["expr"] for rule in rules)
    named = set(re.findall(r"\bobs_(?!dagster)[a-z0-9_]+", asked_for))
    assert len(named) > 20
    assert named <= set(gauges())


def test_provisioned_sources_are_of_the_kinds_that_dashboards_ask():
    folder = DEPLOY / "grafana" / "provisioning"
    sources = yaml.safe_load((folder / "datasources" / "obs-dagster.yaml").read_text("utf-8"))["datasources"]
    assert {each["type"] for each in sources} == {"prometheus", DIALECTS[0].source}
    (provider,) = yaml.safe_load((folder / "dashboards" / "obs-dagster.yaml").read_text("utf-8"))["providers"]
    assert provider["type"] == "file"


@pytest.fixture(scope="module", params=[each.name for each in DIALECTS])
def store(request, tmp_path_factory):
    """The filled store on one of the databases, with corrections and an incident."""
    folder = tmp_path_factory.mktemp("store")
    url = f"sqlite:///{folder / 'history.db'}"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        maintenance = create_engine(server, isolation_level="AUTOCOMMIT")
        with maintenance.connect() as connection:
            connection.execute(text("CREATE DATABASE dashboards"))
        url = maintenance.url.set(database="dashboards").render_as_string(hide_password=False)
    with History.open(url) as history:
        fill(history)
        with history.writing("risk") as connection:
            connection.execute(
                text(
                    "INSERT INTO incidents (id, model, version, kind, opened_at, closed_by, cause, comment) "
                    "VALUES ('i', 'risk', '1', 'behaviour', '2024-03-10 05:00:00', '', '', '')"
                )
            )
        first = RECORDS[0]
        corrected = type(first)(**(first.as_dict() | {"value": 0.8}))
        history.replace_metrics([corrected], model="risk", days=[first.day], metrics=["recall"], now=NOW)
        yield SimpleNamespace(dialect=request.param, history=history)
    if request.param == "postgresql":
        with maintenance.connect() as connection:
            connection.execute(text("DROP DATABASE dashboards WITH (FORCE)"))
        maintenance.dispose()


def ask(store, query, **chosen):
    """What the database answers, as Grafana would ask it."""
    with store.history.reading() as connection:
        asked_for = interpolated(query, CHOSEN | chosen, *SHOWN)
        return [dict(row) for row in connection.exec_driver_sql(asked_for).mappings()]


def of_dialect(store):
    return {name: each for name, each in DOCUMENTS.items() if name.startswith(f"{store.dialect}/")}


def test_every_query_to_the_history_is_answered(store):
    answered = 0
    for document in of_dialect(store).values():
        for panel in panels(document):
            for target in panel["targets"]:
                if query := sql_of(target):
                    rows = ask(store, query)
                    answered += bool(rows)
                    assert all(row["time"] is not None for row in rows)
                    if target.get("format") == "time_series" or target.get("queryType") == "time series":
                        assert not rows or set(rows[0]) == {"time", "metric", "value"}
        for each in document["templating"]["list"]:
            if each["type"] == "query":
                ask(store, each["query"])
    assert answered > 20


def test_variables_offer_what_there_is(store):
    (binary,) = (each for name, each in of_dialect(store).items() if "model-binary" in name)
    offered = {
        each["name"]: [next(iter(row.values())) for row in ask(store, each["query"])]
        for each in binary["templating"]["list"]
        if each["type"] == "query"
    }
    assert offered["model"] == ["risk"]
    assert offered["version"] == ["1", "2"]
    assert offered["segment"][0] == "*"
    assert offered["window"] == [1, 7]


def test_charts_have_the_values_and_corrections_show_what_they_were(store):
    (binary,) = (each for name, each in of_dialect(store).items() if "model-binary" in name)
    by_title = {
        each["title"]: sql_of(each["targets"][0]) for each in panels(binary) if sql_of(each["targets"][0])
    }
    values = {(row["metric"], row["value"]) for row in ask(store, by_title["Recall"])}
    assert {("1", 0.8), ("1", 0.1), ("1 low", 0.7)} <= values
    # in seconds, as Prometheus has it
    latency = by_title["Latency, 95 % quantile"]
    assert ("1", 0.12) in {(row["metric"], round(row["value"], 9)) for row in ask(store, latency)}
    (correction,) = ask(store, by_title["Corrections"])
    assert (correction["metric"], correction["was"], correction["is"]) == ("recall", 0.75, 0.8)


def test_incidents_and_new_versions_are_marked(store):
    for document in of_dialect(store).values():
        for each in document["annotations"]["list"]:
            rows = ask(store, sql_of(each.get("target", each)))
            assert rows, each["name"]
            assert {"time", "text", "tags"} <= set(rows[0])
            assert rows[0]["time"] is not None


def test_hostile_names_stay_names(store):
    (binary,) = (each for name, each in of_dialect(store).items() if "model-binary" in name)
    hostile = ["'; DROP TABLE metrics; --"]
    for panel in panels(binary):
        if query := sql_of(panel["targets"][0]):
            ask(store, query, model=hostile, segment=hostile)
    assert store.history.metrics("risk")


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """A Prometheus that has the samples of a filled store."""
    folder = tmp_path_factory.mktemp("monitors")
    for model in ("risk", "idle"):
        (folder / f"{model}.yaml").write_text(yaml.safe_dump(described(model)))
    with (
        prometheus_at(tmp_path_factory.mktemp("prometheus")) as url,
        History.open(f"sqlite:///{folder / 'history.db'}") as history,
    ):
        fill(history)
        samples = collect(history, monitors_of(folder), NOW, series=2_000)
        to = f"remote-write+{url}"
        way_of(to).send(to, samples, dt.datetime.now(dt.UTC))
        yield url


def test_every_query_to_prometheus_is_answered_and_a_stat_has_the_value(prometheus):
    of_sqlite = {name: each for name, each in DOCUMENTS.items() if name.startswith("sqlite/")}
    every = (
        each for document in of_sqlite.values() for panel in panels(document) for each in panel["targets"]
    )
    queries = {each["expr"] for each in every if "expr" in each}
    odd = {"version": ["1.0+b", "(2)"], "segment": ['city="q"'], "model": ["a"]}
    for query in queries:
        asked(prometheus, interpolated(query, CHOSEN | odd, *SHOWN))
    answers = {query: asked(prometheus, interpolated(query, CHOSEN, *SHOWN)) for query in queries}
    empty = {
        panel["title"]
        for name in ("sqlite/fleet.json", "sqlite/operations.json")
        for panel in panels(of_sqlite[name])
        for each in panel["targets"]
        if "expr" in each and not answers[each["expr"]]
    }
    # risk has no label coverage and no event of an alert
    assert empty == {"Label coverage", "Events of alerts"}
    binary = of_sqlite["sqlite/model-binary-classification.json"]
    (recall,) = (each for each in panels(binary) if each["type"] == "stat" and each["title"] == "Recall")
    (series,) = answers[recall["targets"][0]["expr"]]
    assert float(series["value"][1]) == 0.75
