"""A monitor as a contract of the standard, and back: what one promises the other says."""

import json

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from open_data_contract_standard.model import OpenDataContractStandard

from obs_dagster.contracts.comparing import Difference, differences
from obs_dagster.contracts.document import ContractError, read_contract, table_of
from obs_dagster.contracts.reading import promises_of
from obs_dagster.contracts.writing import contract_of
from obs_dagster.monitor.contract import Feature
from obs_dagster.monitor.yaml_reader import read_document

FEATURES = {
    "hour": {"type": "integer", "nullable": False, "min": 0, "max": 23, "description": "Of departure."},
    "temp": {"type": "number", "min": -20.5},
    "origin": {"type": "category", "allowed": ["JFK", "no", "1"]},
    "code": {"type": "category", "unique": True, "nullable": False},
    "cancelled": {"type": "boolean"},
    "amount": {"type": "number", "column": "request.features.amount"},
}


@pytest.fixture
def world(small):
    return small(
        features=FEATURES,
        segments=[],
        owner="team:flights",
        description="Is it late?",
        quality={"suite": "suite.json"},
    )


@pytest.fixture
def suite(world):
    expectation = {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "code", "regex": "^A"}}
    (world.root / "suite.json").write_text(json.dumps({"name": "own", "expectations": [expectation]}))
    return expectation


@pytest.fixture
def contract(world, suite, tmp_path):
    """The monitor's contract in a file."""
    file = tmp_path / "contract.yaml"
    file.write_text(contract_of(world.monitor, version="2.1.0").to_yaml())
    return file


def test_it_is_a_contract_by_the_standards_own_schema(contract, suite):
    found = yaml.safe_load(contract.read_text())
    jsonschema.validate(found, json.loads(OpenDataContractStandard.json_schema()))
    assert (found["apiVersion"], found["id"], found["version"]) == ("v3.1.0", "small", "2.1.0")
    assert found["team"]["name"] == "team:flights"
    log, truth = found["schema"]
    key = {each["name"]: each["primaryKeyPosition"] for each in log["properties"] if each.get("primaryKey")}
    assert key == {"id": 1, "model": 2}
    assert suite in [each.get("implementation") for each in log["quality"]]
    assert {each["name"]: each.get("logicalType") for each in truth["properties"]} == {
        "id": "string",
        "late": "boolean",
        "known_at": "timestamp",
    }
    assert [(each["property"], each["value"]) for each in found["slaProperties"]] == [
        ("frequency", 1),
        ("latency", 7),
    ]


def test_what_comes_back_is_what_was_written(world, contract):
    promised = promises_of(table_of(read_contract(contract), contract, "inference_log"))
    found = {name: promised.columns[name].feature for name in FEATURES}
    assert found == world.monitor.features
    assert differences(world.monitor, promised) == []


def test_the_section_can_be_pasted_into_a_monitor_file(contract, tmp_path):
    promised = promises_of(table_of(read_contract(contract), contract))
    file = tmp_path / "features.yaml"
    file.write_text(promised.text(without=["id", "at", "model", "score"]))
    written = read_document(file).data["features"]
    assert list(written) == list(FEATURES)
    assert {name: Feature.model_validate(keys) for name, keys in written.items()} == {
        name: Feature.model_validate(keys) for name, keys in FEATURES.items()
    }


@given(
    st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4, unique=True),
    st.floats(-1e6, 1e6),
    st.booleans(),
)
def test_any_values_come_through_the_file(values, least, nullable):
    features = {
        "a": Feature(type="category", allowed=tuple(values), nullable=nullable),
        "b": Feature(type="number", min=least),
    }
    from obs_dagster.contracts.writing import _feature

    text = yaml.safe_dump(
        [_feature(name, each).model_dump(exclude_none=True) for name, each in features.items()]
    )
    from open_data_contract_standard.model import SchemaObject

    back = promises_of(SchemaObject(name="log", properties=yaml.safe_load(text)))
    assert {name: each.feature for name, each in back.columns.items()} == features


def test_every_difference_is_named(world, contract):
    text = contract.read_text()
    for old, new in (
        ("maximum: 23", "maximum: 22"),
        ("- JFK", "- LGA"),
        ("name: cancelled", "name: diverted"),
    ):
        assert old in text
        text = text.replace(old, new)
    contract.write_text(text)
    promised = promises_of(table_of(read_contract(contract), contract))
    assert differences(world.monitor, promised) == [
        Difference("hour", "max", "23", "22"),
        Difference("origin", "allowed", "1, JFK, no", "1, LGA, no"),
        Difference("cancelled", "column", "boolean", ""),
        Difference("diverted", "column", "", "boolean"),
    ]


CONTRACT = """
kind: DataContract
apiVersion: v3.1.0
id: orders
version: 1.0.0
status: active
schema:
  - name: orders
    properties:
      - {name: placed_on, logicalType: date}
      - {name: lines, logicalType: array}
      - name: age
        logicalType: integer
        logicalTypeOptions: {exclusiveMinimum: 17, exclusiveMaximum: 120.5, multipleOf: 1}
      - name: code
        logicalType: string
        logicalTypeOptions: {pattern: "^A"}
        quality:
          - {type: library, metric: nullValues, mustBe: 0}
          - {type: library, metric: duplicateValues, mustBe: 0}
          - {type: library, metric: invalidValues, arguments: {validValues: [A1]}, mustBeLessThan: 5}
          - {type: sql, query: SELECT 1, mustBe: 0, description: Adds up.}
      - name: customer
        logicalType: object
        properties:
          - {name: region, logicalType: string, required: true}
"""


def test_what_a_monitor_cannot_say_is_said_beside_it(tmp_path):
    file = tmp_path / "orders.yaml"
    file.write_text(CONTRACT)
    text = promises_of(table_of(read_contract(file), file)).text()
    assert "age: {type: integer, min: 18, max: 120}" in text
    assert "code: {type: category, nullable: false, unique: true}" in text
    assert "region: {type: category, column: customer.region, nullable: false}" in text
    for told in (
        "multipleOf: 1",
        "pattern: ^A",
        "Adds up.",
        "invalidValues",
        "placed_on: a value of type date",
    ):
        assert told in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no data contract"),
        ("- a", "is no data contract"),
        ("kind: [", "is no YAML"),
        ("kind: DataContract\napiVersion: v2.2.2", "v2.2.2"),
        (CONTRACT.replace("status: active", "status: active\nextra: 1"), "extra"),
        (CONTRACT.replace("name: orders\n    prop", "name: 5\n    prop"), "schema.0.name"),
        ("kind: DataContract\napiVersion: v3.0.2", "describes 0 tables"),
    ],
)
def test_a_file_that_is_no_contract_is_refused_by_name(text, told, tmp_path):
    file = tmp_path / "contract.yaml"
    file.write_text(text)
    with pytest.raises(ContractError) as refused:
        table_of(read_contract(file), file)
    assert told in str(refused.value)
    assert str(file) in str(refused.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ContractError, match="cannot be read"):
        read_contract(tmp_path / "none.yaml")


def test_of_several_tables_one_has_to_be_named(tmp_path):
    file = tmp_path / "two.yaml"
    file.write_text(CONTRACT + "  - {name: refunds}\n")
    found = read_contract(file)
    with pytest.raises(ContractError, match="It has orders, refunds"):
        table_of(found, file)
    assert table_of(found, file, "refunds").name == "refunds"


def test_a_databases_password_is_in_no_contract(small):
    world = small(
        logs={
            "source": "ibis",
            "path": "postgres://night:${THE_PASSWORD}@db.example:6543/scores",
            "table": "serving.log",
            "columns": {"prediction_id": "id", "time": "at", "version": "model", "score": "score"},
        }
    )
    text = contract_of(world.monitor).to_yaml()
    jsonschema.validate(yaml.safe_load(text), json.loads(OpenDataContractStandard.json_schema()))
    server = yaml.safe_load(text)["servers"][0]
    assert server == {
        "server": "inference_log",
        "type": "postgres",
        "host": "db.example",
        "port": 6543,
        "database": "scores",
        "schema": "serving",
    }
    assert "PASSWORD" not in text
