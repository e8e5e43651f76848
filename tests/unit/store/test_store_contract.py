"""What paths keep to, on disk and in object storage: the same calls, the same answers."""

import datetime as dt
import pickle

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obs_dagster.errors import LakeError
from obs_dagster.lake.lake import Lake, manifest_if_readable, read_json, remove_folder, replacing, write_json
from obs_dagster.sources.file_stamp import FileStamp
from obs_dagster.sources.files import connect
from obs_dagster.sources.matching import matching_files
from obs_dagster.store import StoreError, place, remove_tree, working_folder
from obs_dagster.store.objects import own_credentials

DAY = dt.date(2024, 3, 4)


@pytest.fixture(params=["disk", "s3"])
def root(request, tmp_path):
    return (tmp_path if request.param == "disk" else request.getfixturevalue("bucket")) / "a lake"


def put(path, text="x"):
    with replacing(path) as aside:
        aside.write_text(text)
    return path


def test_what_is_written_is_read(root):
    path = put(root / "a" / "b%20ü.txt", "one")
    assert (path.read_text(), path.read_bytes()) == ("one", b"one")
    with path.open("rb") as file:
        assert file.read() == b"one"
    assert path.stat().st_size == 3
    assert path.exists()
    assert path.is_file()
    assert not path.is_dir()
    assert path.parent.is_dir()
    assert path.parent.exists()
    assert not path.parent.is_file()


def test_what_is_not_there_is_not(root):
    for path in (root, root / "a", root / "a" / "b"):
        assert not any((path.exists(), path.is_file(), path.is_dir()))
        assert list(path.glob("*")) == []
        with pytest.raises(FileNotFoundError):
            path.stat()
        with pytest.raises(FileNotFoundError):
            path.open("rb")
        with pytest.raises(FileNotFoundError):
            path.unlink()
        path.unlink(missing_ok=True)
    assert read_json(root / "a.json") is None
    assert manifest_if_readable(root / "a.parquet") is None


def test_its_text_leads_to_it_again(root):
    path = root / "a" / "day=2024-03-04" / "x.parquet"
    assert place(str(path)) == path
    assert pickle.loads(pickle.dumps(path)) == path  # noqa: S301
    assert (path.name, path.suffix, path.parent.name) == ("x.parquet", ".parquet", "day=2024-03-04")
    assert str(path.relative_to(root)) == "a/day=2024-03-04/x.parquet"
    assert path.is_relative_to(root)
    assert not root.is_relative_to(path)
    assert path.absolute() == path
    assert {path: 1}[place(str(path))] == 1


def test_globs(root):
    for name in (
        "day=1/data.parquet",
        "day=2/data.parquet",
        "day=2/x/data.parquet",
        "other/data.parquet",
        "a.json",
    ):
        put(root / name)
    shown = lambda paths: sorted(str(each.relative_to(root)) for each in paths)  # noqa: E731
    assert shown(root.glob("day=*/data.parquet")) == ["day=1/data.parquet", "day=2/data.parquet"]
    assert shown(root.glob("day=*")) == ["day=1", "day=2"]
    assert shown(root.glob("*.json")) == ["a.json"]
    assert shown(root.glob("day=?/x/*")) == ["day=2/x/data.parquet"]
    assert shown(root.rglob("data.parquet")) == [
        "day=1/data.parquet",
        "day=2/data.parquet",
        "day=2/x/data.parquet",
        "other/data.parquet",
    ]
    assert shown(root.iterdir()) == ["a.json", "day=1", "day=2", "other"]
    assert shown(root.glob("a.json")) == ["a.json"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.txt", ["a.txt", "b.txt"]),
        ("a.txt", ["a.txt"]),
        ("**/*.txt", ["a.txt", "b.txt", "c/a.txt", "c/d/e.txt"]),
        ("c/**", ["c/a.txt", "c/d/e.txt"]),
        ("c/[!d]*", ["c/a.txt"]),
        ("?.txt", ["a.txt", "b.txt"]),
        ("nothing/*.txt", []),
        (".*.txt", [".hidden.txt"]),
        ("*/*/e.txt", ["c/d/e.txt"]),
    ],
)
def test_a_sources_pattern_means_the_same_files(root, pattern, expected):
    for name in ("a.txt", "b.txt", ".hidden.txt", "c/a.txt", "c/d/e.txt", "c/.d/e.txt"):
        put(root / name)
    found = matching_files(f"{root}/{pattern}")
    assert [str(each.relative_to(root)) for each in found] == expected


def test_a_folder_where_a_file_is_meant_is_told(root):
    from obs_dagster.errors import SourceError

    put(root / "logs" / "a.txt")
    with pytest.raises(SourceError, match="is a folder"):
        matching_files(f"{root}/logs")


def test_a_write_that_fails_leaves_what_was_there(root):
    path = put(root / "a.txt", "before")

    def fail():
        with replacing(path) as aside:
            aside.write_text("half")
            raise ValueError("killed")

    with pytest.raises(ValueError, match="killed"):
        fail()
    assert path.read_text() == "before"
    assert [each.name for each in root.rglob("*")] == ["a.txt"]


def test_a_reader_keeps_what_it_opened(root):
    path = put(root / "a.txt", "before")
    with path.open("rb") as file:
        put(path, "after!")
        assert file.read() == b"before"
    assert path.read_text() == "after!"


def test_a_stamp_tells_a_rewritten_file(root):
    path = put(root / "a.txt", "one")
    before, when = FileStamp.of(path), path.stat().st_mtime_ns
    assert FileStamp.of(path) == before
    put(path, "two")
    assert FileStamp.of(path) != before
    assert path.stat().st_mtime_ns != when
    assert FileStamp.from_json(before.to_json(), str(path)) == before


def test_tables(root):
    table = Lake(root).table("m", "t")
    assert (table.days(), table.exists(DAY), table.manifest(DAY), table.damaged()) == ([], False, None, [])
    with pytest.raises(LakeError, match="does not exist"):
        table.read(DAY)
    table.write(DAY, pa.table({"x": [1, 2]}), {"rows": 2})
    table.write(DAY, pa.table({"x": [3]}), {"rows": 1})
    assert table.days() == [DAY]
    assert table.days_between(DAY - dt.timedelta(3), DAY) == [DAY]
    assert table.manifest(DAY) == {"rows": 1}
    assert table.read(DAY).to_pydict() == {"x": [3]}
    assert pq.read_schema(table.path(DAY)).names == ["x"]
    put(table.path(DAY), "damaged")
    assert table.damaged() == [DAY]
    with pytest.raises(LakeError, match="not a readable Parquet file"):
        table.read(DAY)
    table.remove(DAY)
    table.remove(DAY)
    assert table.days() == []


def test_documents(root):
    path = root / "a" / "b.json"
    write_json(path, {"x": 1})
    write_json(path, {"x": 2})
    assert read_json(path) == {"x": 2}
    put(path, "{")
    with pytest.raises(LakeError, match="is not JSON"):
        read_json(path)


def test_folders_are_removed_with_all_in_them(root):
    for name in ("a/b/c.txt", "a/d.txt", "ab/c.txt"):
        put(root / name)
    remove_folder(root / "a")
    remove_folder(root / "a")
    assert [str(each.relative_to(root)) for each in root.rglob("*.txt")] == ["ab/c.txt"]
    remove_tree(root / "ab")
    assert not (root / "ab").exists()


def test_duckdb_reads_it_by_its_text(root):
    path = root / "day=1" / "x'[1]*.parquet"
    with replacing(path) as aside:
        pq.write_table(pa.table({"x": range(5)}), aside)
    text = str(path).replace("'", "''")
    if root.is_dir() and working_folder(root) == root:
        # on disk DuckDB takes brackets and stars for a pattern
        path, text = path.rename(path.with_name("x'.parquet")), text.replace("[1]*", "")
    with connect() as connection:
        found = connection.sql(
            f"SELECT sum(x), count(*) FROM read_parquet(['{text}'], hive_partitioning = false)"
        )
        assert found.fetchall() == [(10, 5)]
    with connect() as connection, path.open("rb") as file:
        assert len(file.read()) == path.stat().st_size


def test_a_working_folder_is_of_this_machine(root):
    folder = working_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "made here").touch()
    (folder / "made here").unlink()


def test_a_bucket_may_have_credentials_of_its_own(object_server, monkeypatch):
    mine, others = object_server.bucket(), object_server.bucket()
    name = mine.removeprefix("s3://").upper().replace("-", "_")
    monkeypatch.setenv(f"OBS_STORE_{name}_AWS_ACCESS_KEY_ID", "the-vault")
    monkeypatch.setenv(f"OBS_STORE_{name}_AWS_SECRET_ACCESS_KEY", "quiet")
    put(place(mine) / "people.txt", "one")
    put(place(others) / "log.txt", "two")
    assert place(mine).joinpath("people.txt").read_text() == "one"
    keys = {bucket: keys - {""} for bucket, keys in object_server.signers.items()}
    assert keys == {mine[5:]: {"the-vault"}, others[5:]: {"key"}}


def test_the_token_of_another_session_is_not_sent_with_a_key_of_its_own():
    environ = {"OBS_STORE_VAULT_AWS_ACCESS_KEY_ID": "key", "AWS_SESSION_TOKEN": "of another"}
    with pytest.raises(StoreError, match="a key of its own"):
        own_credentials("s3://vault", environ)
    own = environ | {"OBS_STORE_VAULT_AWS_SESSION_TOKEN": "mine"}
    assert own_credentials("s3://vault", own)["aws_session_token"] == "mine"
    assert own_credentials("s3://vaults", own) == {}
