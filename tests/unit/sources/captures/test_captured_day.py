"""A day of captures: what is no prediction is in quarantine with the reason, and every record counts."""

from obs_dagster.quality.books import books_of
from obs_dagster.quality.day import validate_day
from obs_dagster.quality.validated import QUARANTINE
from obs_dagster.sources.ingest import ingest_logs

BROKEN = ['{"cut": ', '{"databricks_request_id": "x", "request": "{", "response": "{}"}']


def test_records_that_are_no_predictions_are_in_quarantine_with_their_reasons(small, day):
    world = small()
    logs = world.monitor.logs.model_dump(exclude_none=True)
    world.changes["logs"] = logs | {"source": "capture", "path": "logs/{day}.capture"}
    file = world.log(day, world.rows(day, 60), kind="capture")
    with file.open("a", encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for line in BROKEN)
    assert ingest_logs(world.monitor, day, world.lake).rows == 62
    quality = validate_day(world.monitor, day, world.lake)
    assert (quality.quarantined, quality.evaluated) == (2, True)
    books = books_of(world.monitor, day, world.lake, counted=60)
    assert (books.read, books.quarantined, books.unaccounted) == (62, 2, 0)
    kept = world.lake.table("small", QUARANTINE).read(day).to_pandas()
    assert sorted(kept["capture_error"]) == [
        "line 61: it is not JSON, or cut",
        "line 62: the request is no JSON",
    ]
