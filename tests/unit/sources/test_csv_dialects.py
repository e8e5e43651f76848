"""CSV as it is written elsewhere: read as the monitor says, and recognised so that it can say it."""

import gzip

import pandas as pd
import pytest

from obs_dagster.errors import SourceError
from obs_dagster.lake.columns import ROW
from obs_dagster.monitor.csv_dialect import CsvDialect
from obs_dagster.sources.formats.recognised_csv import recognised_dialect
from obs_dagster.sources.ingest import LOGS, ingest_logs, ingest_some
from obs_dagster.sources.labels import ingest_labels

#: A file, what is said of it, and whether that is recognised.
FILES = {
    "german": (
        (
            "id;at;model;score;temp;hour;carrier\r\n"
            "a;2024-03-04T10:00:00Z;1;0,25;1.234,5;3;Köln\r\n"
            "b;2024-03-04T11:00:00Z;1;0,75;-3,25;NA;Ulm\r\n"
        ),
        "cp1252",
        CsvDialect(decimal=",", thousands=".", encoding="cp1252", nulls=("NA",)),
    ),
    "excel": (
        (
            "id\tat\tmodel\tscore\ttemp\thour\tcarrier\n"
            'a\t2024-03-04T10:00:00Z\t1\t0.25\t"1,234.5"\t3\tKöln\n'
            'b\t2024-03-04T11:00:00Z\t1\t0.75\t"-3.25"\t-\tUlm\n'
        ),
        "utf-16",
        CsvDialect(thousands=",", encoding="utf-16", nulls=("-",)),
    ),
    "spark": (
        (
            "id,at,model,score,temp,hour,carrier\n"
            'a,2024-03-04T10:00:00Z,1,0.25,1234.5,3,"Köln"\n'
            'b,2024-03-04T11:00:00Z,1,0.75,-3.25,\\N,"U\\"lm,"\n'
        ),
        "utf-8",
        CsvDialect(escape="\\", nulls=("\\N",)),
    ),
    "hive": (
        ("a|2024-03-04T10:00:00Z|1|0.25|1234.5|3|Köln\nb|2024-03-04T11:00:00Z|1|0.75|-3.25||'Ulm'\n"),
        "utf-8",
        CsvDialect(quote="", names=("id", "at", "model", "score", "temp", "hour", "carrier")),
    ),
    "quotes": (
        (
            "id,at,model,score,temp,hour,carrier\n"
            "'a','2024-03-04T10:00:00Z','1',0.25,1234.5,3,'Köln'\n"
            "'b','2024-03-04T11:00:00Z','1',0.75,-3.25,,'Ulm, O''Neill'\n"
        ),
        "utf-8",
        CsvDialect(quote="'"),
    ),
}


@pytest.fixture(params=FILES)
def written(request, small, day):
    """A world whose log is a file, and the dialect of it."""
    text, encoding, dialect = FILES[request.param]
    world = small()
    logs = world.monitor.logs.model_dump(exclude_unset=True) | {"source": "csv", "path": "{day}.csv"}
    world.changes["logs"] = logs | {"csv": dialect.model_dump()}
    path = world.root / f"{day}.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return world, path, dialect


@pytest.mark.parametrize("path", ["{day}.csv", "*.csv"])
def test_a_file_is_read_as_it_is_written(written, day, path):
    world, _, _ = written
    world.changes["logs"] |= {"path": path}
    found = ingest_logs(world.monitor, day, world.lake)
    rows = world.lake.table("small", LOGS).read(day).to_pandas().sort_values(ROW)
    assert (found.rows, [str(each) for each in found.schema_changes]) == (2, [])
    assert rows["temp"].to_list() == [1234.5, -3.25]
    assert rows["score"].to_list() == [0.25, 0.75]
    assert rows["carrier"][0] == "Köln"
    assert rows["hour"][0] == 3
    assert pd.isna(rows["hour"][1])


def test_it_is_recognised(written):
    _, path, dialect = written
    found = recognised_dialect(path)
    if dialect.names:
        assert found.names == tuple(f"column_{place}" for place in range(1, 8))
        return
    assert found == dialect
    compressed = path.with_suffix(".csv.gz")
    compressed.write_bytes(gzip.compress(path.read_bytes()))
    assert recognised_dialect(compressed) == found


def test_a_usual_file_needs_nothing_said(small, day):
    world = small()
    assert recognised_dialect(world.write("a.csv", world.rows(day, 30))) is None


def test_a_look_at_another_encoding_takes_whole_lines(written, day, monkeypatch):
    world, _, dialect = written
    if dialect.encoding == "cp1252":
        monkeypatch.setattr("obs_dagster.sources.formats.encoding._BLOCK", 100)
        assert ingest_some(world.monitor, day, world.lake, files=1, most=10).rows == 1


def test_a_line_in_another_encoding_is_named_with_the_file(small, day):
    world = small()
    logs = world.monitor.logs.model_dump(exclude_unset=True) | {"source": "csv", "path": "{day}.csv"}
    world.changes["logs"] = logs | {"csv": {"encoding": "ascii"}}
    path = world.write(f"{day}.csv", world.rows(day, 3).assign(carrier=["a", "b", "é"]))
    with pytest.raises(SourceError, match=rf"{path.name} as csv: line 4 is not ascii"):
        ingest_logs(world.monitor, day, world.lake)
    world.changes["logs"] = logs | {"csv": {"encoding": "latin-1", "names": ["id", "at"]}}
    with pytest.raises(SourceError, match=rf"{path.name} as csv: line 1 has [37] columns, csv.names has 2"):
        ingest_logs(world.monitor, day, world.lake)


def test_labels_that_are_numbers_have_a_comma(small, day):
    world = small(
        task="regression",
        logs=small().monitor.logs.model_dump(exclude_unset=True)
        | {"columns": {"prediction_id": "id", "time": "at", "version": "model", "prediction": "score"}},
        labels={
            "source": "csv",
            "path": "labels/*.csv",
            "columns": {"prediction_id": "id", "label": "minutes"},
            "csv": {"decimal": ",", "thousands": "."},
        },
    )
    world.log(day, world.rows(day, 2))
    ids = world.rows(day, 2)["id"]
    world.write("labels/a.csv", pd.DataFrame({"id": ids, "minutes": ["1.234,5", "-0,25"]}))
    ingest_logs(world.monitor, day, world.lake)
    assert ingest_labels(world.monitor, world.lake).touched == {day: 2}
    kept = world.lake.table("small", "ground_truth").read(day).to_pandas()
    assert sorted(kept["label"]) == [-0.25, 1234.5]
