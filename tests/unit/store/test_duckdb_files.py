"""DuckDB reads objects with all its threads as it reads files."""

import threading

import duckdb
import pytest

from obs_dagster.store import duckdb_files, parts
from obs_dagster.store.content import Content

ROWS = 200_000
COLUMNS = range(8)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A file of many row groups, which threads read at once."""
    path = tmp_path_factory.mktemp("large") / "rows.parquet"
    columns = ", ".join(f"hash(i * 8 + {each}) AS c{each}" for each in COLUMNS)
    duckdb.sql(f"COPY (SELECT {columns} FROM range({ROWS}) AS t(i)) TO '{path}' (ROW_GROUP_SIZE 8192)")
    return path


@pytest.mark.parametrize("whole", [0, 1 << 30], ids=["in ranges", "fetched whole"])
def test_threads_that_read_one_object_at_once_read_what_is_in_it(file, bucket, monkeypatch, whole):
    monkeypatch.setattr(parts, "_WHOLE", whole)
    there = bucket / "rows.parquet"
    there.store.put(there.key, file.read_bytes(), None)
    sums = ", ".join(f"sum(c{each}::HUGEINT)" for each in COLUMNS)
    with duckdb.connect(config={"threads": 8}) as session:
        duckdb_files.register(session)
        found = [session.sql(f"SELECT {sums} FROM '{there}'").fetchall() for _ in range(3)]
        expected = session.sql(f"SELECT {sums} FROM '{file}'").fetchall()
    assert found == [expected] * 3


class Text:
    """Bytes in memory."""

    def __init__(self, text):
        self.text, self.size, self.closed = text, len(text), 0

    def read(self, begin, end):
        return self.text[begin:end]

    def close(self):
        self.closed += 1


def test_what_a_thread_sought_is_what_it_reads():
    content, there = Content(Text(b"0123456789")), []
    content.seek(2)
    other = threading.Thread(target=lambda: (content.seek(7), there.append(content.read(2))))
    other.start()
    other.join()
    assert (content.read(2), there) == (b"23", [b"78"])


def test_readings_without_seeking_go_on_whichever_thread_reads():
    content, there = Content(Text(b"0123456789")), []
    first = content.read(4)
    other = threading.Thread(target=lambda: there.append(content.read(4)))
    other.start()
    other.join()
    assert (first, there, content.read(), content.read()) == (b"0123", [b"4567"], b"89", b"")


def test_positions_count_from_the_beginning_from_here_and_from_the_end():
    content = Content(Text(b"0123456789"))
    assert [content.seek(4), content.seek(2, 1), content.tell(), content.read(1)] == [4, 6, 6, b"6"]
    assert [content.seek(-1, 2), content.read(5), content.seek(20), content.read(1)] == [9, b"9", 20, b""]


def test_a_closed_object_lets_its_copy_go():
    text = Text(b"x")
    content = Content(text)
    content.close()
    content.close()
    assert text.closed == 1
