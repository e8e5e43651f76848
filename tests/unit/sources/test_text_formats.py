"""CSV and JSON lines: what is written is what is read, and a line that is wrong is named."""

import gzip
import json

import pandas as pd
import pytest

from obs_dagster.errors import SourceError
from obs_dagster.quality.day import validate_day
from obs_dagster.quality.validated import QUARANTINE
from obs_dagster.sources.day_log import day_log, log_files
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.ingest import LOGS, ingest_logs

TEXTS = [
    "1.10",
    "9:30",
    "1e5",
    "007",
    "true",
    "2024-01-01",
    "NULL",
    "0x1F",
    "1_000",
    " a ",
    "nan",
    "12:00:00",
]


@pytest.fixture
def read(small, day):
    """Writes a day's file and ingests it; returns what was found and the partition."""

    def run(content, kind, **changes):
        world = small(**changes)
        world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {"source": kind}
        path = world.root / f"logs/{day}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        found = ingest_logs(world.monitor, day, world.lake)
        return found, world.lake.table("small", LOGS).read(day).to_pandas()

    return run


@pytest.fixture
def rows(small, day):
    return small().rows(day, 12).assign(carrier=TEXTS, model="1.10")


@pytest.mark.parametrize("others", [0, 1, 11])
def test_a_text_of_csv_does_not_depend_on_the_others(read, rows, others):
    for place in range(len(TEXTS)):
        some = pd.concat([rows.iloc[[place]], rows.drop(index=place).head(others)])
        _, kept = read(some.to_csv(index=False), "csv")
        assert kept["carrier"][0] == TEXTS[place]
        assert set(kept["model"]) == {"1.10"}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_the_separator_is_the_one_that_divides_the_header(read, rows, *, separator, encoding, ends):
    rows["carrier"] = [f'x{separator}"y"\nz', "ü", *TEXTS[2:]]
    text = rows.to_csv(index=False, sep=separator, lineterminator=ends)
    found, kept = read(text.encode(encoding), "csv")
    assert found.rows == 12
    assert kept["carrier"].tolist() == rows["carrier"].tolist()
    assert kept["score"].tolist() == pytest.approx(rows["score"].tolist())


def _lines(text, change):
    lines = text.splitlines()
    change(lines)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (lambda lines: lines.insert(5, lines[0] + ",extra"), 6, "8 columns, its header has 7"),
        (lambda lines: lines.insert(1, lines[1] + ",9"), 2, "8 columns"),
        (lambda lines: lines.append(lines[-1][:20]), 14, "1 columns|2 columns"),
        (lambda lines: lines.insert(3, '"cut,1'), 4, "does not end"),
    ],
    ids=["second header", "one more", "cut", "quote"],
)
def test_a_line_of_csv_that_is_not_like_the_header_is_named(read, small, day, *, change, line, said):
    rows = small().rows(day, 12)
    with pytest.raises(SourceError, match=said) as caught:
        read(_lines(rows.to_csv(index=False), change), "csv")
    assert f"line {line} " in caught.value.message
    assert f"{day}.csv" in caught.value.message
    assert caught.value.remedy


def test_a_header_after_many_rows_is_not_lost_with_what_is_before(read, small, day):
    rows = small().rows(day, 300)
    text = rows.to_csv(index=False)
    again = rows.assign(extra=1).to_csv(index=False)
    with pytest.raises(SourceError, match="line 302 has 8 columns"):
        read(text + again, "csv")


def test_a_second_header_of_the_same_columns_is_a_row_that_breaks_the_contract(read, small, day):
    text = small().rows(day, 20).to_csv(index=False)
    found, kept = read(text + text.splitlines()[0] + "\n", "csv")
    assert found.rows == 21
    assert kept["_obs_uncast"].notna().sum() == 1


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize(
    ("encoding", "said"), [("cp1252", "line 3 is not UTF-8.*1252"), ("utf-16", "UTF-16")]
)
def test_an_encoding_that_is_not_utf_8_is_named(read, small, day, *, kind, encoding, said):
    rows = small().rows(day, 4).assign(carrier=["a", "café", "b", "c"])
    rows = rows.assign(at=rows["at"].astype(str))
    if kind == "jsonl":
        lines = [json.dumps(row, ensure_ascii=False) for row in rows.to_dict("records")]
        text = "\n".join([lines[0], lines[2], lines[1]]) + "\n"
    else:
        text = rows.to_csv(index=False)
    with pytest.raises(SourceError, match=said) as caught:
        read(text.encode(encoding), kind)
    assert "iconv" in caught.value.remedy


def test_a_column_that_is_there_twice_is_refused_if_it_is_declared(read, small, day):
    text = small().rows(day, 3).to_csv(index=False)
    assert read(text.replace("temp", "x").replace("hour", "x"), "csv")[0].rows == 3
    with pytest.raises(SourceError, match="more than one column score"):
        read(text.replace("temp", "score", 1), "csv")


def _json(rows, **changed):
    lines = rows.assign(at=rows["at"].astype(str)).to_dict("records")
    for name, values in changed.items():
        for line, value in zip(lines, values, strict=True):
            line[name] = value
    return "".join(json.dumps(line) + "\n" for line in lines)


def test_values_of_json_are_what_is_written_or_named(read, small, day):
    rows = small().rows(day, 8)
    carriers = ["9:30", 7, 7.0, 1.5, True, 2**70, ["a"], {"k": 1}]
    _, kept = read(_json(rows, carrier=carriers, hour=[5, 5.0, "5", "5.5", 2**60, True, None, [5]]), "jsonl")
    assert kept["carrier"].fillna("").tolist() == ["9:30", "7", "7", "1.5", "true", str(2**70), "", ""]
    assert kept["_obs_uncast"].fillna("").tolist()[6:] == ["carrier", "hour, carrier"]
    assert '{"k":1}' in kept["_obs_raw"][7]
    assert kept["hour"].astype("Int64").tolist()[:3] == [5, 5, 5]
    assert kept["hour"].astype("Int64")[4] == 2**60
    assert "hour" in kept["_obs_uncast"][3]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "x", "at"', "cut"),
        ("[1, 2]", "no JSON object"),
        ("7", "no JSON object"),
        ('{"id": 1, "id": 2}', "field id twice"),
        ("{'id': 1}", "not JSON"),
        ('{"id": 1},', "not JSON"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_a_line_that_is_no_object_is_named(small, day, tmp_path, *, line, said, zipped):
    text = _json(small().rows(day, 3)) + line + "\n"
    path = tmp_path / ("a.jsonl.gz" if zipped else "a.jsonl")
    path.write_bytes(gzip.compress(text.encode()) if zipped else text.encode())
    with connect() as connection, pytest.raises(SourceError, match=f"line 4 .*{said}") as caught:
        SourceFiles.find("jsonl", str(path)).parts(connection)
    assert path.name in caught.value.message


def test_fields_that_differ_by_case_alone_are_two(read, small, day):
    rows = small().rows(day, 4)
    _, kept = read(_json(rows, TEMP=["x"] * 4, Score=[9] * 4), "jsonl")
    assert kept["temp"].tolist() == pytest.approx(rows["temp"].tolist())
    assert kept["score"].tolist() == pytest.approx(rows["score"].tolist())


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("damage", ["cut", "not compressed"])
def test_a_damaged_gzip_file_is_named(tmp_path, kind, damage):
    numbers = [n * 7919 for n in range(5_000)]
    lines = "\n".join(json.dumps({"x": n}) if kind == "jsonl" else str(n) for n in numbers)
    text = (lines if kind == "jsonl" else f"x\n{lines}").encode()
    file = tmp_path / f"a.{kind}.gz"
    file.write_bytes(gzip.compress(text)[:-2_000] if damage == "cut" else text)
    source = SourceFiles(kind, str(file), (file,))
    with connect() as connection, pytest.raises(SourceError) as caught:
        source.relation(connection).fetchall()
    assert str(file) in caught.value.message


def test_columns_without_a_name_are_ignored(read, small, day):
    rows = small().rows(day, 20)
    # as pandas writes an index, and as a comma at the end of every line does
    for text in (rows.to_csv(), rows.to_csv(index=False).replace("\n", ",\n")):
        _, kept = read(text, "csv")
        assert kept["id"].tolist() == rows["id"].tolist()


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("jsonl", '[{"id": "a"}, {"id": "b"}]\n', "line 1 is no JSON object, but an array: [{"),
        ("jsonl", '{"id": "a"}\n[{"id": "b"}]\n', "line 2 is no JSON object, but an array: [{"),
        ("jsonl", '[\n{"id": "a"},\n{"id": "b"}\n]\n', "line 1 is no JSON object, but begins an array: ["),
        ("jsonl", "1\n2\n", "line 1 is no JSON object: 1"),
        ("jsonl", 'null\n{"id": "a"}\n', "line 1 is no JSON object: null"),
        ("jsonl", '{"id": "a"}\n{"id": "x\\ud800y"}\n', "line 2 has half of a character (\\ud800"),
        ("jsonl", '{"id": "x\\udc00"}\n', "line 1 has half of a character (\\udc00"),
        ("jsonl", gzip.compress(mtime=0, data=b'{"id": "a"}\n'), "it is compressed by gzip"),
        ("csv", gzip.compress(mtime=0, data=b"id,at\na,b\n"), "it is compressed by gzip"),
        ("csv", b"PK\x03\x04\x14\0", "it is compressed by zip"),
        ("csv", "# made by x\nid,at\na,b\n", "line 1 is a comment: # made by x"),
        ("csv", "#made by x, y, z\nid,at\na,b\n", "line 1 is a comment: #made by x, y, z"),
        ("csv", "# made by x\r\nid;at\r\na;b\r\n", "line 1 is a comment"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_another_thing_is_called_by_its_name(tmp_path, kind, content, said):
    file = tmp_path / f"a.{kind}"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with connect() as connection, pytest.raises(SourceError) as raised:
        SourceFiles(kind, str(file), (file,)).relation(connection)
    assert said in str(raised.value)
    assert str(file) in str(raised.value)


def test_a_column_whose_name_begins_like_a_comment(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("# items,price\n1,2\n")
    with connect() as connection:
        relation = SourceFiles("csv", str(file), (file,)).relation(connection)
        assert (relation.columns, relation.fetchall()) == (["# items", "price"], [("1", "2")])


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_number_beyond_what_a_float_can_be_breaks_the_contract(small, day, kind):
    world = small()
    world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {"source": kind}
    path = world.log(day, world.rows(day, 40).assign(temp=12345.5), kind=kind)
    path.write_text(path.read_text().replace("12345.5", "-1e999", 1).replace("12345.5", "1e400", 1))
    ingest_logs(world.monitor, day, world.lake)
    quality = validate_day(world.monitor, day, world.lake)
    assert quality.quarantined == 2
    rows = world.lake.table("small", QUARANTINE).read(day).to_pylist()
    assert ["-1e999" in rows[0]["_obs_raw"], "1e400" in rows[1]["_obs_raw"]] == [True, True]


def test_infinity_that_is_written_as_such_is_what_it_was(read, small, day):
    rows = small().rows(day, 3).assign(temp=["inf", "-Infinity", "1e300"])
    assert read(rows.to_csv(index=False), "csv")[1]["temp"].tolist() == [float("inf"), float("-inf"), 1e300]


def test_fields_of_json_are_planned_as_briefly_as_columns_of_text(small, day):
    """What a value stands for is worked out once; planning a log of many fields would take seconds else."""
    lengths = {}
    for kind in ("csv", "jsonl"):
        world = small(kind)
        world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {"source": kind}
        world.log(day, kind=kind)
        with connect() as connection:
            log = day_log(connection, world.monitor, day, log_files(world.monitor, day))
            lengths[kind] = len(log.query)
    assert lengths["jsonl"] < 2 * lengths["csv"]
