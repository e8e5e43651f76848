"""An id that is forgotten is nowhere any more, stays away, and leaves the numbers as they were."""

import datetime as dt
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obs_dagster.erasure.forget import Erasure
from obs_dagster.erasure.mentions import Mentions
from obs_dagster.evaluation.day_rows import kept_rows
from obs_dagster.evaluation.profiling import stale_outcomes
from obs_dagster.history import History, NightRecord
from obs_dagster.pseudonym import pseudonym
from obs_dagster.quality.books import books_of
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import ingest_labels

ONE = dt.timedelta(days=1)
NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def key(monkeypatch, tmp_path):
    monkeypatch.setenv("OBS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OBS_PII_KEY", raising=False)


@pytest.fixture
def history(tmp_path):
    with History.open(f"sqlite:///{tmp_path / 'history.db'}") as history:
        yield history


@pytest.fixture(params=[False, True], ids=["copied", "in place"])
def world(request, small, day):
    """A day whose first row is in quarantine, and one of whose labels waits for a prediction."""
    world = small(logs=small().monitor.logs.model_dump(exclude_unset=True) | {"in_place": request.param})
    world.train("1")
    rows = world.rows(day)
    rows.loc[0, "score"] = 1.5
    world.log(day, rows)
    world.labels("first.parquet", rows, day=day)
    world.labels("unknown.parquet", world.rows(day + 9 * ONE, n=3), day=day)
    world.night(day)
    return world


def erasure(world, history):
    return Erasure(world.monitor, world.lake, history, world.root / "reports", world.root / "mlartifacts")


def everything(world):
    """All that the lake has, as text."""
    for path in sorted((world.root / "lake").rglob("*")):
        if path.suffix == ".parquet":
            table = pq.read_table(path, partitioning=None)
            yield f"{table.schema.metadata} {table.to_pylist()}"
        elif path.is_file():
            yield path.read_text(errors="replace")


def test_ids_are_nowhere_and_numbers_stay(world, history, day):
    broken, sound, unknown = f"{day}-1-0-0", f"{day}-1-0-17", f"{day + 9 * ONE}-1-0-1"
    explained = world.root / "lake" / "small" / "explanations" / f"day={day}" / "1.parquet"
    explained.parent.mkdir(parents=True)
    about = pa.table({"row": [sound, "other"], "temp": [0.5, 0.25]})
    pq.write_table(about.replace_schema_metadata({"explanation": json.dumps({"base_value": 1})}), explained)
    page = world.root / "reports" / f"small-{day}.html"
    page.parent.mkdir()
    page.write_text(f"<td>{sound}</td><td>{sound}9</td>")
    before = world.tonight.profiles.read(day)
    kept_rows(world.monitor, day, {"1": 199}, ["temp", "carrier"], world.lake)
    text = " ".join(everything(world))
    assert all(each in text for each in (broken, unknown))

    asked = erasure(world, history)
    wanted = [broken, sound, unknown]
    counted = asked.forget(wanted, by="ann", now=NOW, dry_run=True)
    assert (counted.rows, counted.labels, counted.quarantined, counted.pages) == (2, 3, 1, 2)
    assert " ".join(everything(world)) == text
    assert asked.forget(wanted, by="ann", now=NOW) == counted

    left = " ".join(everything(world))
    assert not any(f"{each}'" in left or f'{each}"' in left for each in wanted)
    assert page.read_text() == f"<td>(forgotten)</td><td>{sound}9</td>"
    assert json.loads(pq.read_schema(explained).metadata[b"explanation"]) == {"base_value": 1}
    manifest = world.lake.table("small", "inference_logs").manifest(day)
    assert (manifest["rows"], manifest["erased"]) == (198, 2)
    for counted_now in (199, 198):
        books = books_of(world.monitor, day, world.lake, counted_now)
        assert (books.unaccounted, books.forgotten) == (0, 199 - counted_now)
    assert world.tonight.profiles.read(day).equals(before)
    assert stale_outcomes(world.tonight, [day]) == set()
    audit = (world.root / "lake/small/forgotten/audit.jsonl").read_text().splitlines()
    assert json.loads(audit[0])["by"] == "ann"
    assert json.loads(audit[0])["ids"] == sorted(map(pseudonym, wanted))

    again = asked.forget(wanted, by="ann", now=NOW)
    assert (again.rows, again.labels, again.quarantined, again.samples, again.pages) == (0, 0, 0, 0, 0)


def test_what_the_store_says_names_nobody_any_more(world, history, day):
    gone = f"{day}-1-0-0"
    reason = f"all 9 rows broke the contract\nid is odd: 9 rows, such as {gone}"
    for model in ("small", "other"):
        night = NightRecord(model, day, False, reason, 9, (), "run", NOW)  # noqa: FBT003  a field
        history.record_night(night)
    asked = erasure(world, history)
    assert asked.forget([gone], by="ann", now=NOW, dry_run=True).texts == 1
    assert history.nights("small")[0].reason == reason
    assert asked.forget([gone], by="ann", now=NOW).texts == 1
    assert history.nights("small")[0].reason == reason.replace(gone, "(forgotten)")
    assert history.nights("other")[0].reason == reason, "another model's ids are others"
    assert asked.forget([gone], by="ann", now=NOW).texts == 0


def test_a_source_that_still_has_an_id_brings_it_back_to_nobody(world, history, day):
    gone = f"{day}-1-0-17"
    erasure(world, history).forget([gone], by="ann", now=NOW)
    found = ingest_logs(world.monitor, day, world.lake)
    assert (found.rows, found.forgotten) == (199, 1)
    world.labels("again.parquet", world.rows(day), day=day + ONE)
    ingest_labels(world.monitor, world.lake)
    assert not any(f"{gone}'" in text for text in everything(world))


def test_what_may_be_any_number_is_found_alone():
    mentions = Mentions(["12345", "<b>ann</b>-1"])
    assert mentions.replaced('12345 "12345" >12345< x12345') == '12345 "(forgotten)" >(forgotten)< x12345'
    assert mentions.replaced("&lt;b&gt;ann&lt;/b&gt;-1") == "(forgotten)"
    assert mentions.taken_out({"ids": ["12345", "9"], "n": 12345, "t": "<b>ann</b>-1!"}) == {
        "ids": ["9"],
        "n": 12345,
        "t": "(forgotten)!",
    }
