"""A backup is the store and the lake of one moment: whole or refused, and up to date once restored."""

import datetime as dt
import json
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text

from obs_dagster.backup.archive import Archive, BackupError
from obs_dagster.backup.make import make_backup
from obs_dagster.backup.restore import restore_backup
from obs_dagster.errors import HistoryError
from obs_dagster.history import History
from obs_dagster.history.connections import make_engine, writing
from obs_dagster.history.migrate import HEAD, upgrade
from obs_dagster.history.place import parse_url
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.pseudonym import pseudonym
from obs_dagster.settings import Settings
from obs_dagster.sources.forgotten import forgotten, remember_forgotten

NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
DAY = dt.date(2024, 3, 4)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Settings of a home with a lake, a monitor and a key."""
    for name in ("OBS_DATABASE_URL", "OBS_LAKE", "OBS_PII_KEY", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)

    def make(name, url=None):
        monkeypatch.setenv("OBS_HOME", str(tmp_path / name))
        return Settings(home=tmp_path / name, monitors=tmp_path / name / "monitors", database_url=url)

    settings = make("home")
    (settings.monitors).mkdir(parents=True)
    (settings.monitors / "small.yaml").write_text("model: small")
    partition = settings.lake_root / "small" / "profile" / f"day={DAY}" / "data.parquet"
    partition.parent.mkdir(parents=True)
    partition.write_bytes(b"counts")
    (partition.parent / ".data.parquet.0123456789ab-x").write_bytes(b"half")
    pseudonym("ann")
    make.settings, make.partition = settings, partition
    return make


def filled(url, values=(0.1, 1e300, -0.0, 1 / 3)):
    records = [
        MetricRecord(
            model="small", version=f"it's \"{number}\"\n", segment="*", column="", metric="psi",
            definition="psi/1", day=DAY, window=1, value=value, low=None, high=None, n=7, error=0.0,
            reason="", computed_at=NOW, run_id="run",
        )
        for number, value in enumerate(values)
    ]  # fmt: skip
    with History.open(url) as history:
        history.replace_metrics(records, model="small", days=[DAY], metrics=["psi"], now=NOW)
        return history.metrics("small")


def test_what_is_restored_is_what_was_saved_while_others_write(home, tmp_path):
    settings = home.settings
    before, named = filled(settings.history_url), pseudonym("ann")
    with closing(sqlite3.connect(settings.root / "history.db")) as writer:
        # what has not been committed is no part of it
        writer.execute("DELETE FROM metrics")
        made = make_backup(settings, tmp_path / "saved", NOW, verify=True)
        writer.rollback()
    assert (made.database, made.revision) == ("sqlite", HEAD)
    assert not any("0123456789ab" in name for name in made.files)
    assert (tmp_path / "saved").stat().st_mode & 0o777 == 0o700

    there = home("other")
    restored = restore_backup(there, tmp_path / "saved", NOW)
    assert not restored.kept_monitors
    with History.open(there.history_url) as history:
        assert history.metrics("small") == before
    assert (there.lake_root / home.partition.relative_to(settings.lake_root)).read_bytes() == b"counts"
    assert (there.monitors / "small.yaml").read_text() == "model: small"
    assert pseudonym("ann") == named
    assert (there.root / "pii.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_of_an_older_store_is_brought_up_to_date(home, tmp_path, kind, request):
    url, target = home.settings.history_url, None
    if kind == "postgresql":
        databases = request.getfixturevalue("postgres_database")
        url, target = databases(), databases()
    engine = make_engine(parse_url(url))
    with writing(engine, "schema") as connection:
        upgrade(connection, "0005")
        connection.execute(
            text(
                "INSERT INTO outbox (id, key, alert_id, model, severity, notification, created_at, thread) "
                "VALUES (41, 'k', NULL, 'small', 'page', :said, '2024-03-04 00:00:00', '')"
            ),
            {"said": json.dumps({"title": 'a, "b"\n\\N ünï'})},
        )
    engine.dispose()
    saved = Settings(home=home.settings.home, monitors=home.settings.monitors, database_url=url)
    made = make_backup(saved, tmp_path / "saved", NOW, verify=True)
    assert (made.database, made.revision) == (kind, "0005")
    there = home("other", target)
    restore_backup(there, tmp_path / "saved", NOW)
    with History.open(there.history_url) as history, history.writing("small") as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD
        said = connection.execute(text("SELECT notification FROM outbox")).scalar()
        assert (json.loads(said) if isinstance(said, str) else said) == {"title": 'a, "b"\n\\N ünï'}
        again = (
            "INSERT INTO outbox (key, model, severity, notification, created_at, thread) "
            "VALUES ('k2', 'small', 'page', '{}', '2024-03-05 00:00:00', '') RETURNING id"
        )
        assert connection.execute(text(again)).scalar() == 42


def test_every_digit_of_a_postgresql_store_comes_back(home, tmp_path, postgres_database):
    source, target = postgres_database(), postgres_database()
    before = filled(source)
    saved = Settings(home=home.settings.home, monitors=home.settings.monitors, database_url=source)
    make_backup(saved, tmp_path / "saved", NOW)
    with pytest.raises(BackupError, match="is of postgresql, and OBS_DATABASE_URL names sqlite"):
        restore_backup(home("wrong"), tmp_path / "saved", NOW)
    there = home("other", target)
    restore_backup(there, tmp_path / "saved", NOW)
    with History.open(target) as history:
        assert history.metrics("small") == before
    with pytest.raises(BackupError, match="there already"):
        restore_backup(home("third", target), tmp_path / "saved", NOW)


def test_a_place_that_is_not_empty_is_put_aside_only_if_asked(home, tmp_path):
    settings = home.settings
    filled(settings.history_url)
    make_backup(settings, tmp_path / "saved", NOW)
    home.partition.write_bytes(b"later")
    with pytest.raises(BackupError, match="there already"):
        restore_backup(settings, tmp_path / "saved", NOW)
    assert home.partition.read_bytes() == b"later"
    remember_forgotten("m", Lake(settings.lake_root), ["id-7"])
    since = forgotten("m", Lake(settings.lake_root))
    restored = restore_backup(settings, tmp_path / "saved", NOW, force=True)
    assert home.partition.read_bytes() == b"counts"
    assert restored.forgotten == ["m"]
    assert forgotten("m", Lake(settings.lake_root)) == since != frozenset()
    assert restored.kept_monitors
    assert (settings.root / "lake.before-20240601T000000").is_dir()
    assert len(restored.aside) >= 3
    with pytest.raises(BackupError, match="not empty"):
        make_backup(settings, tmp_path / "saved", NOW)
    with pytest.raises(BackupError, match="which is copied"):
        make_backup(settings, settings.lake_root / "saved", NOW)


def test_what_is_not_whole_is_refused_before_anything_is_written(home, tmp_path):
    filled(home.settings.history_url)
    saved = tmp_path / "saved"
    make_backup(home.settings, saved, NOW)
    there = home("other")
    partition = next((saved / "lake").rglob("data.parquet"))
    partition.write_bytes(b"countz")
    with pytest.raises(BackupError, match=r"data\.parquet is not what was written"):
        restore_backup(there, saved, NOW)
    partition.unlink()
    with pytest.raises(BackupError, match=r"data\.parquet is missing"):
        restore_backup(there, saved, NOW)
    partition.write_bytes(b"counts")
    document = saved / "backup.json"
    said = json.loads(document.read_text())
    for changed, error, why in (
        ({"revision": "9999"}, HistoryError, "does not know; it knows up to"),
        ({"format": 2}, BackupError, "made by a newer obs-dagster"),
        ({"files": {"../../x": [1, "0"]}}, BackupError, "leads out of it"),
    ):
        document.write_text(json.dumps(said | changed))
        with pytest.raises(error, match=why):
            restore_backup(there, saved, NOW)
    document.unlink()
    with pytest.raises(BackupError, match="no backup that was finished"):
        Archive.read(saved)
    assert not there.root.exists()


def test_a_lake_in_a_bucket_is_refused_before_anything_is_written(home, tmp_path, monkeypatch):
    filled(home.settings.history_url)
    saved = tmp_path / "saved"
    make_backup(home.settings, saved, NOW)
    monkeypatch.setenv("OBS_LAKE", "s3://company/lake")
    elsewhere = home("other")
    with pytest.raises(BackupError, match="s3://company/lake is in object storage"):
        make_backup(elsewhere, tmp_path / "second", NOW)
    with pytest.raises(BackupError, match="s3://company/lake is in object storage"):
        restore_backup(elsewhere, saved, NOW)
    assert not (tmp_path / "second").exists()
    assert not elsewhere.root.exists()
