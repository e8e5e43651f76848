"""What stands in the place of personal values, where rows are counted and where they are shown."""

import duckdb
import pytest

from obs_dagster.monitor.model import Monitor
from obs_dagster.pseudonym import pseudonym
from obs_dagster.sources.personal import Personal, counted, shown


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("OBS_PII_KEY", "0123456789abcdef0123456789abcdef")


@pytest.fixture
def personal():
    monitor = {
        "model": "loan",
        "start": "2024-03-04",
        "logs": {
            "source": "parquet",
            "path": "logs/{day}.parquet",
            "columns": {"prediction_id": "id", "time": "at", "version": "model", "score": "score"},
            "pii": ["id", "phone"],
        },
        "features": {
            "town": {"type": "category", "column": "customer.town", "pii": True},
            "income": {"type": "number", "pii": True},
            "born": {"type": "integer", "pii": True},
            "term": {"type": "integer"},
        },
        "baseline": {"kind": "days", "first": "2024-03-04", "last": "2024-03-04"},
    }
    return Personal.of(Monitor.model_validate(monitor))


ROWS = """
SELECT 'a1' AS id, 'Bern' AS town, 1234.5 :: DOUBLE AS income, 19870412 :: BIGINT AS born,
    36 :: BIGINT AS term, '0791' AS phone, {'town': 'Bern', 'zip': 3011} AS customer,
    'income, born' AS _obs_uncast,
    '{"id": "a1", "income": "no", "term": "36", "customer": {"town": "Bern"}}' AS _obs_raw
UNION ALL BY NAME
SELECT 'a2' AS id, NULL AS town, 'nan' :: DOUBLE AS income, 0 AS born, 7 AS term
UNION ALL BY NAME
SELECT 'a3' AS id, 'Bern' AS town, -0.001239 :: DOUBLE AS income, NULL AS born, 7 AS term
"""


def test_what_is_counted_tells_values_apart_and_numbers_to_two_digits(personal):
    with duckdb.connect() as connection:
        rows = counted(connection.sql(ROWS), personal).order("id").fetchdf().to_dict("records")
    assert [row["id"] for row in rows] == ["a1", "a2", "a3"]
    assert rows[0]["town"] == rows[2]["town"] == pseudonym("Bern")
    assert not isinstance(rows[1]["town"], str)
    assert rows[0]["income"] == pytest.approx(1200)
    assert rows[1]["income"] != rows[1]["income"]
    assert rows[2]["income"] == pytest.approx(-0.0012)
    assert [rows[0]["born"], rows[1]["born"]] == [20_000_000, 0]
    assert [row["term"] for row in rows] == [36, 7, 7]


def test_what_is_shown_has_pseudonyms_and_no_numbers(personal):
    with duckdb.connect() as connection:
        relation = connection.sql(ROWS)
        found = shown(relation, personal)
        assert dict(zip(found.columns, found.types, strict=True))["income"] == "DOUBLE"
        row = found.order("term DESC").limit(1).fetchdf().to_dict("records")[0]
    assert row["id"] == pseudonym("a1")
    assert row["town"] == pseudonym("Bern")
    assert row["phone"] == pseudonym("0791")
    assert row["income"] is None or row["income"] != row["income"]
    assert row["term"] == 36
    assert row["customer"].startswith("pii:"), "what a personal value lies in"
    assert row["_obs_raw"] == '{"term":"36"}'
    assert row["_obs_uncast"] == "income, born"


def test_nothing_changes_where_nothing_is_marked(personal):
    plain = Personal(frozenset(), frozenset(), personal.types, "id")
    with duckdb.connect() as connection:
        relation = connection.sql(ROWS)
        assert counted(relation, plain) is relation
        assert shown(relation, plain) is relation
    assert not plain.hides("")
    assert personal.hides("customer")
    assert personal.hides("")
    assert not personal.hides("term")
