"""One column for each class out of lists, structs, maps and JSON."""

import duckdb
import pytest

from obs_dagster.tasks.multiclass.scores import classes_of, highest, score_columns, unpacked


@pytest.fixture
def monitor(small):
    def make(scores, classes=("late", "on/time")):
        columns = {"prediction_id": "id", "time": "at", "version": "model", "scores": scores}
        return small(
            task="multiclass_classification",
            logs={"source": "parquet", "path": "logs/{day}.*", "columns": columns},
            multiclass={"classes": list(classes)},
        ).monitor

    return make


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("[0.25, 0.75]", (0.25, 0.75)),
        ("[0.25, 0.75]::FLOAT[2]", (0.25, 0.75)),
        ("[0.25]", (None, None)),
        ("[0.1, 0.2, 0.7]", (None, None)),
        ("[0.25, NULL]", (0.25, None)),
        ("['0.25', 'much']", (0.25, None)),
        ("NULL::DOUBLE[]", (None, None)),
        ("{'on/time': 0.75, 'late': 0.25}", (0.25, 0.75)),
        ("{'late': 0.25}", (0.25, None)),
        ("{'late': 0.25, 'on/time': 0.75, 'more': 'text'}", (0.25, 0.75)),
        ("map {'on/time': 0.75, 'late': 0.25}", (0.25, 0.75)),
        ("map {'late': 0.25}", (0.25, None)),
        ("""'{"late": 0.25, "on/time": 0.75}'""", (0.25, 0.75)),
        ("'[0.25, 0.75]'", (0.25, 0.75)),
        ("'[0.25]'", (None, None)),
        ("'no json'", (None, None)),
        ("''", (None, None)),
    ],
)
def test_scores_are_unpacked(monitor, value, expected):
    relation = duckdb.connect().sql(f"SELECT {value} AS scores")
    json = "TRY_CAST(scores AS JSON)" if relation.types[0].id == "varchar" else "to_json(scores)"
    parts = unpacked(monitor("scores"))
    assert list(parts) == ["late", "on/time"]
    found = relation.project(", ".join(made.sql.format(json) for made in parts.values()))
    assert [str(kind) for kind in found.types] == ["DOUBLE", "DOUBLE"]
    assert found.fetchall() == [expected]


def test_classes_with_numbers_for_names_are_found_by_them(monitor):
    relation = duckdb.connect().sql("SELECT map {1: 0.25, 2: 0.75} AS scores")
    parts = unpacked(monitor("scores", [1, 2]))
    found = relation.project(", ".join(made.sql.format("to_json(scores)") for made in parts.values()))
    assert found.fetchall() == [(0.25, 0.75)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("[0.25, 0.75]", "{0}"),
        ("[0.5, 0.5]", "la'te"),
        ("[0.75, 0.25]", "la'te"),
        ("[NULL, 0.5]", None),
        ("[0.2, 0.3, 0.5]", None),
        ("NULL::DOUBLE[]", None),
    ],
)
def test_the_first_of_the_highest_scores_is_predicted(monitor, value, expected):
    for mapped in (False, True):
        made = highest(monitor({"la'te": "a", "{0}": "b"} if mapped else "scores", ["la'te", "{0}"]))
        relation = duckdb.connect().sql(f"SELECT {value} AS scores")
        if mapped and relation.fetchall()[0][0] is not None and len(relation.fetchall()[0][0]) == 2:
            sql = made.sql.format("scores[1]", "scores[2]")
        elif mapped:
            continue
        else:
            sql = made.sql.format("to_json(scores)")
        assert relation.project(sql).fetchall() == [(expected,)]


def test_columns_of_their_own_stay(monitor):
    mapped = monitor({"late": "p_late", "on time": "p_on_time"}, ())
    assert classes_of(mapped) == ("late", "on time")
    assert score_columns(mapped) == {"late": "p_late", "on time": "p_on_time"}
    assert unpacked(mapped) == {"late": None, "on time": None}


def test_without_scores_there_are_none(monitor):
    assert score_columns(monitor(None)) == {}
    assert unpacked(monitor(None)) == {}
