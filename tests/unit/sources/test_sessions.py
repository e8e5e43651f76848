import pytest

from obs_dagster.sources.files import SourceFiles, connect


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("obs_dagster.sources.files.scratch", lambda: folder)
    return folder


def test_what_does_not_fit_into_memory_is_spilled_and_cleaned_up(temporary, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with connect() as connection:
        connection.execute("SET memory_limit = '40MB'; SET threads = 1")
        connection.execute(
            "CREATE TEMP TABLE long AS SELECT hash(i) AS a, i AS b FROM range(4_000_000) AS t(i)"
        )
        assert sum(file.stat().st_size for file in temporary.rglob("*")) > 20_000_000
        assert connection.sql("SELECT count(DISTINCT a), sum(b) FROM long").fetchall() == [
            (4_000_000, 7_999_998_000_000)
        ]
    assert list(temporary.rglob("*")) == []
    assert list(tmp_path.iterdir()) == [temporary]


def test_sessions_do_not_share_what_they_spill(temporary):
    with connect() as one, connect() as other:
        places = [
            each.execute("SELECT current_setting('temp_directory')").fetchall() for each in (one, other)
        ]
        assert places[0] != places[1]


def test_a_session_s_memory_is_bounded():
    with connect() as connection:
        limit, threads = connection.execute(
            "SELECT current_setting('memory_limit'), current_setting('threads')"
        ).fetchall()[0]
    amount, unit = limit.split()
    assert unit in ("MiB", "GiB")
    assert float(amount) * (1 if unit == "MiB" else 1024) <= max(768, 256 * threads)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_text_file_is_read_once_however_often_it_is_looked_at(small, day, kind):
    world = small()
    source = SourceFiles.find(kind, str(world.log(day, world.rows(day, 5), kind=kind)))
    with connect() as connection:
        first = source.relation(connection)
        columns = first.columns
        world.log(day, world.rows(day, 9), kind=kind)
        again = source.relation(connection)
        assert (again.columns, len(again.fetchall()), len(first.fetchall())) == (columns, 5, 5)
    with connect() as connection:
        assert len(source.relation(connection).fetchall()) == 9
