"""Pseudonyms: the same for the same value and key, never the value, and a key that only its owner reads."""

from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from obs_dagster import pseudonym
from obs_dagster.errors import SettingsError
from obs_dagster.pseudonym import KEY_FILE, pseudonym_sql
from obs_dagster.secrets import scrub

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("OBS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OBS_PII_KEY", raising=False)
    return tmp_path / "home"


def test_the_database_gives_the_same_as_python(monkeypatch):
    monkeypatch.setenv("OBS_PII_KEY", KEY)
    texts = ["Ottilie", "ötti@example.org", "", "it's \\ 'quoted'", "日本"]
    query = f"SELECT {pseudonym_sql('t')} FROM (SELECT unnest($1) AS t)"
    found = [row for (row,) in duckdb.sql(query, params=[texts]).fetchall()]
    assert found == [pseudonym.pseudonym(text) for text in texts]
    assert len(set(found)) == len(texts)
    assert all(each.startswith("pii:") and len(each) == 20 for each in found)
    assert duckdb.sql(f"SELECT {pseudonym_sql('NULL')}").fetchall() == [(None,)]


def test_another_key_gives_other_pseudonyms(monkeypatch, tmp_path):
    monkeypatch.setenv("OBS_PII_KEY", KEY)
    first = pseudonym.pseudonym("Ottilie")
    monkeypatch.delenv("OBS_PII_KEY")
    (tmp_path / "mounted").write_text(f"{KEY[::-1]}\n")
    monkeypatch.setenv("OBS_PII_KEY_FILE", str(tmp_path / "mounted"))
    assert pseudonym.pseudonym("Ottilie") != first


def test_a_key_is_made_once_for_its_owner_alone_and_hidden(home):
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(pseudonym.pseudonym, ["Ottilie"] * 16))
    assert len(found) == 1
    file = home / KEY_FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in home.iterdir()] == [KEY_FILE]
    assert file.read_text().strip() not in scrub(f"before {file.read_text()} after")


def test_a_key_that_can_be_guessed_is_refused(monkeypatch):
    monkeypatch.setenv("OBS_PII_KEY", "letmein")
    with pytest.raises(SettingsError, match="fewer than 16 characters"):
        pseudonym.pseudonym("Ottilie")
