"""A fresh store per test, on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from obs_dagster.history import History


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty store, once per database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'home' / 'history.db'}"
    return request.getfixturevalue("postgres_database")()


@pytest.fixture
def store(store_url: str) -> Iterator[History]:
    with History.open(store_url) as history:
        yield history
