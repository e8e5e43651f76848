"""Whether a source file was rewritten is seen without reading it as a whole."""

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obs_dagster.sources.file_stamp import FileStamp, fingerprint


def again(path, content):
    """Rewrite a file, of the same size, so that its modification time stays."""
    status = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size


def parquet(path, values):
    pq.write_table(pa.table({"score": values}), path, compression="none", use_dictionary=False)
    return path


def test_a_stamp_says_what_the_file_is_like(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("id\n1\n")
    os.utime(file, ns=(0, 1_709_596_800_000_000_001))
    found = FileStamp.of(file)
    assert (found.name, found.size, found.modified) == (str(file), 5, "2024-03-05T00:00:00.000000001Z")
    assert FileStamp.from_json(found.to_json(), str(file)) == found
    assert found.matches(FileStamp.of(file))


def test_a_parquet_file_that_was_rewritten_at_the_same_size_and_time(tmp_path):
    values = np.arange(50_000) / 7
    file, other = parquet(tmp_path / "a.parquet", values), parquet(tmp_path / "b.parquet", values + 1)
    before = FileStamp.of(file)
    again(file, other.read_bytes())
    after = FileStamp.of(file)
    assert (before.size, before.modified) == (after.size, after.modified)
    assert not before.matches(after)
    assert fingerprint([before]) != fingerprint([after])


@pytest.mark.parametrize(("place", "seen"), [(0, True), (-1, True), (500_000, False)])
def test_of_text_beginning_and_end_are_looked_at(tmp_path, place, seen):
    file = tmp_path / "a.jsonl"
    content = bytearray(b"x" * 1_000_000)
    file.write_bytes(content)
    before = FileStamp.of(file)
    content[place] = ord("y")
    again(file, content)
    assert before.matches(FileStamp.of(file)) is not seen


@pytest.mark.parametrize(
    "content",
    [b"", b"PAR1", b"\xff\xff\xff\x7fPAR1" * 3, b"a" * 70_000],
    ids=["empty", "bare", "long", "text"],
)
def test_any_file_has_a_stamp(tmp_path, content):
    file = tmp_path / "a.parquet"
    file.write_bytes(content)
    assert FileStamp.of(file).matches(FileStamp.of(file))
    assert FileStamp.of(file).size == len(content)


def test_stamps_of_earlier_manifests_have_no_content(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("id\n1\n")
    status = file.stat()
    old = FileStamp.from_json(f"{status.st_size}-{status.st_mtime_ns}", str(file))
    assert old.content == ""
    assert old.matches(FileStamp.of(file))
    assert FileStamp.of(file).matches(old)
    file.write_text("id\n1\n2\n")
    assert not old.matches(FileStamp.of(file))


def test_a_fingerprint_changes_with_the_files():
    stamps = [FileStamp(name, 1, "2024-03-05T00:00:00.000000000Z", "c") for name in ("a", "b")]
    assert len({fingerprint(some) for some in (stamps, stamps[:1], stamps[1:], [])}) == 4
