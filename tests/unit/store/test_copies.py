"""Copies of objects on this machine: what is there is not fetched, and is never another version."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest

from obs_dagster.lake.lake import Lake, replacing
from obs_dagster.store import LostRaceError, StoreError, copies, objects, parts
from obs_dagster.store.copies import copy_of, keep, open_copy, open_kept
from obs_dagster.store.parts import Parts

LARGE = os.urandom(9 << 20)


@pytest.fixture
def in_pieces(monkeypatch):
    """What takes several requests is smaller than it is."""
    for name in ("_ONE_REQUEST", "_RANGE"):
        monkeypatch.setattr(objects, name, 1 << 20)
    monkeypatch.setattr(parts, "_WHOLE", 1 << 20)
    monkeypatch.setattr(copies, "_LARGE", 1 << 20)


def written_here(path, content):
    with replacing(path) as aside:
        aside.write_bytes(content)
    return path


def written_elsewhere(path, content):
    path.store.put(path.key, content, path.stamp())
    return path


def gets(server):
    return sum(method == "GET" for method, _ in server.requests)


def whole(path):
    content = Parts(path.store, path.stamped())
    try:
        return content.read(0, content.size)
    finally:
        content.close()


def kept(path):
    descriptor = open_kept(path.store, path.stamped())
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is not None


@pytest.mark.parametrize("content", [b"", b"small", LARGE], ids=["empty", "small", "in pieces"])
def test_what_was_written_here_is_not_fetched(object_server, bucket, in_pieces, content):
    path = written_here(bucket / "a", content)
    object_server.requests.clear()
    assert path.read_bytes() == content
    assert whole(path) == content
    assert gets(object_server) == 0


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "in pieces"])
@pytest.mark.parametrize("read", [lambda path: path.read_bytes(), whole], ids=["path", "parts"])
def test_what_another_process_wrote_since_is_read(bucket, in_pieces, content, read):
    path = written_here(bucket / "a", content)
    other = bytes(reversed(content))
    written_elsewhere(path, other)
    assert read(path) == other
    written_elsewhere(path, content)
    assert read(path) == content


def test_whoever_lost_a_race_keeps_nothing(bucket):
    path = bucket / "a"

    def race():
        with replacing(path) as aside:
            written_elsewhere(path, b"theirs")
            aside.write_bytes(b"mine!!")

    with pytest.raises(LostRaceError):
        race()
    assert path.read_bytes() == b"theirs"


def test_what_was_written_with_no_answer_is_fetched(object_server, bucket):
    lost = iter([True])
    object_server.losing = lambda _, method, __: method == "PUT" and next(lost, False)
    path = written_here(bucket / "a", b"one")
    assert not kept(path)
    assert path.read_bytes() == b"one"


def test_a_fetch_in_pieces_outlasts_a_busy_service(object_server, bucket, in_pieces):
    path = written_elsewhere(bucket / "a", LARGE)
    object_server.failing = lambda number, *_: number % 3 == 0
    assert path.read_bytes() == LARGE


def test_few_bytes_of_a_large_object_are_few_requests(object_server, bucket, in_pieces):
    path = written_elsewhere(bucket / "a", LARGE)
    object_server.requests.clear()
    content = Parts(path.store, path.stamped())
    assert content.read(5, 105) + content.read(len(LARGE) - 7, len(LARGE)) == LARGE[5:105] + LARGE[-7:]
    content.close()
    assert gets(object_server) == 2
    assert not kept(path)


def test_many_bytes_of_a_large_object_are_fetched_once(object_server, bucket, in_pieces):
    path = written_elsewhere(bucket / "a", LARGE)
    object_server.requests.clear()
    step = 1 << 16

    def read(begin):
        content = Parts(path.store, path.stamped())
        found = content.read(begin, begin + step)
        content.close()
        return found

    with ThreadPoolExecutor(8) as pool:
        assert b"".join(pool.map(read, range(0, len(LARGE), step))) == LARGE
    share = parts._SHARE * len(LARGE) / step
    assert gets(object_server) <= share + len(LARGE) / objects._RANGE + 8


def test_those_who_ask_for_one_object_at_once_share_its_copy(object_server, bucket, in_pieces):
    path = written_elsewhere(bucket / "a", LARGE)
    stamp = path.stamped()
    object_server.requests.clear()
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: copy_of(path.store, stamp), range(8)))
    assert [each.read_bytes() for each in found] == [LARGE]
    assert gets(object_server) == len(LARGE) / objects._RANGE


def test_without_room_it_is_read_in_ranges(bucket, in_pieces, monkeypatch):
    path = written_elsewhere(bucket / "a", LARGE)
    monkeypatch.setattr(copies, "ROOM", len(LARGE) - 1)
    assert open_copy(path.store, path.stamped()) is None
    assert whole(path) == LARGE
    assert not kept(path)
    # who knows files alone is given one all the same
    assert path.read_bytes() == LARGE
    written_here(path, LARGE[1:] + b"xy")
    assert not kept(path)


class Full:
    """A store whose objects fill this machine's disk."""

    url = "s3://full"

    def __init__(self, error=errno.ENOSPC):
        self.error = error

    def fetch(self, _, target):
        target.write_bytes(b"half a copy")
        raise OSError(self.error, os.strerror(self.error), str(target))

    def read(self, _, begin, end):
        return LARGE[begin:end]


def _stamp(key):
    import datetime as dt

    from obs_dagster.store.protocol import Stamp

    return Stamp(key, len(LARGE), dt.datetime(2024, 3, 4, tzinfo=dt.UTC), '"tag"')


def test_a_disk_that_fills_meanwhile_is_not_needed():
    content = Parts(Full(), _stamp("a"))
    assert content.read(0, len(LARGE)) == LARGE
    content.close()


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_half_a_copy_is_removed(error):
    with pytest.raises(OSError, match=os.strerror(error)):
        copy_of(Full(error), _stamp("b"))
    folder = copies._place(Full(), _stamp("b")).parent
    assert [each for each in folder.iterdir() if each.read_bytes() == b"half a copy"] == []
    if error != errno.ENOSPC:
        with pytest.raises(OSError, match=os.strerror(error)):
            open_copy(Full(error), _stamp("b"))


def test_an_unreachable_service_is_told_whether_there_is_a_copy_or_not(
    object_server, bucket, in_pieces, monkeypatch
):
    from datetime import timedelta

    soon = {"init_backoff": timedelta(milliseconds=1), "max_backoff": timedelta(milliseconds=2)}
    monkeypatch.setattr(
        objects, "RETRIES", {"max_retries": 2, "retry_timeout": timedelta(5), "backoff": soon}
    )
    path = written_here(bucket / "a", LARGE)
    object_server.failing = lambda *_: True
    with pytest.raises(StoreError, match="503"):
        path.read_bytes()


def test_a_file_without_a_tag_is_not_kept(bucket, tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"one")
    keep((bucket / "a").store, "a", "", file)
    assert not file.exists()
    written_elsewhere(bucket / "a", b"one")
    assert not kept(bucket / "a")


def test_copies_make_room_for_others(bucket, monkeypatch):
    monkeypatch.setattr(copies, "_STAY", 0)
    monkeypatch.setattr(copies, "ROOM", 3_000)
    files = [written_here(bucket / f"{number}", b"x" * 1_000) for number in range(6)]
    folder = copy_of(files[0].store, files[0].stamped()).parent
    for file in files:
        file.read_bytes()
    assert sum(each.stat().st_size for each in folder.iterdir()) <= 3_000
    assert files[0].read_bytes() == b"x" * 1_000


def test_copies_that_were_just_asked_for_stay(bucket, monkeypatch):
    monkeypatch.setattr(copies, "ROOM", 1_000)
    first, second = (written_elsewhere(bucket / name, name.encode() * 1_000) for name in "ab")
    copy = copy_of(first.store, first.stamped())
    assert second.read_bytes() == b"b" * 1_000
    assert copy.read_bytes() == b"a" * 1_000


def test_of_a_large_partition_the_manifest_alone_is_fetched(object_server, bucket, in_pieces, day):
    table = Lake(bucket / "lake").table("m", "t")
    table.write(day, pa.table({"x": np.random.default_rng(1).random(1 << 18)}), {"rows": 7})
    path = table.path(day)
    written_elsewhere(path, path.read_bytes() + b"")
    copies._place(path.store, path.stamped()).unlink()
    object_server.requests.clear()
    assert table.manifest(day) == {"rows": 7}
    assert not kept(path)
    assert gets(object_server) <= 2
