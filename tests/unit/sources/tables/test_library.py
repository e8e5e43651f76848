"""What reads tables is imported where a table is read, and named where it is not installed."""

import subprocess
import sys
from importlib import util

import pytest

from obs_dagster.errors import SourceError
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.tables import library


@pytest.mark.parametrize(("kind", "name"), [("delta", "deltalake"), ("iceberg_sql", "pyiceberg")])
def test_the_extra_is_named_where_the_library_is_not_there(logged, kind, name, day, monkeypatch):
    world, _ = logged(kind, days=1)
    found = util.find_spec
    monkeypatch.setattr(library, "find_spec", lambda asked: None if asked == name else found(asked))
    extra = kind.partition("_")[0]
    with pytest.raises(SourceError, match=rf"{name} is not installed.*obs-dagster\[{extra}\]"):
        ingest_logs(world.monitor, day, world.lake)


def test_nothing_is_imported_before_a_table_is_read():
    script = (
        "import sys; from obs_dagster.monitor.source import SOURCES; SOURCES.all(); "
        "print([name for name in ('deltalake', 'pyiceberg', 'arro3') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
