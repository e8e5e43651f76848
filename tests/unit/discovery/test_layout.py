"""Where the files of a log lie, and where their day stands."""

import datetime as dt

import pytest

from obs_dagster.discovery.error import DiscoveryError
from obs_dagster.discovery.layout import layout_of

DAYS = ("2024-03-01", "2024-03-02")


def touch(root, *places):
    for place in places:
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n")


@pytest.mark.parametrize(
    ("places", "pattern"),
    [
        ([f"{day}.csv" for day in DAYS], "{day}.csv"),
        ([f"day={day}/part-{n}.parquet" for day in DAYS for n in "ab"], "day={day}/part-*.parquet"),
        ([f"log_{day.replace('-', '')}.jsonl.gz" for day in DAYS], "log_{day:%Y%m%d}.jsonl.gz"),
        ([f"{day.replace('-', '/')}/rows.csv" for day in DAYS], "{day:%Y}/{day:%m}/{day:%d}/rows.csv"),
        (
            [f"year=2024/month=3/day={n}/x.csv" for n in (1, 2)],
            "year={day:%Y}/month={day:%-m}/day={day:%-d}/x.csv",
        ),
    ],
)
def test_the_day_is_found_wherever_it_stands(tmp_path, places, pattern):
    touch(tmp_path, *places)
    found = layout_of(str(tmp_path))
    assert found.pattern == str(tmp_path / pattern)
    assert found.days == (dt.date(2024, 3, 1), dt.date(2024, 3, 2))
    assert not found.aside


def test_months_without_zeros_are_one_pattern_with_those_that_need_none(tmp_path):
    touch(tmp_path, *(f"year=2024/month={month}/day=10/x.csv" for month in (9, 10)))
    assert layout_of(str(tmp_path)).pattern == str(
        tmp_path / "year={day:%Y}/month={day:%-m}/day={day:%d}/x.csv"
    )


def test_other_files_are_left_aside_and_named(tmp_path):
    touch(
        tmp_path, *(f"{day}.csv" for day in DAYS), "readme.txt", "old/archive.csv", ".hidden.csv", "_SUCCESS"
    )
    found = layout_of(str(tmp_path))
    assert found.pattern == str(tmp_path / "{day}.csv")
    assert [file.name for file in found.aside] == ["readme.txt", "archive.csv"]


def test_a_file_alone_and_a_glob(tmp_path):
    touch(tmp_path, "all.csv", *(f"day={day}.parquet" for day in DAYS))
    alone = layout_of(str(tmp_path / "all.csv"))
    assert (alone.source, alone.pattern, alone.days) == ("csv", str(tmp_path / "all.csv"), ())
    for glob in ("*.parquet", "day={day}.parquet"):
        assert layout_of(str(tmp_path / glob)).pattern == str(tmp_path / "day={day}.parquet")


@pytest.mark.parametrize(("place", "said"), [("nothing", "no files"), ("text", "csv")])
def test_what_is_no_log_says_what_would_be(tmp_path, place, said):
    touch(tmp_path, "text/readme.txt")
    with pytest.raises(DiscoveryError) as error:
        layout_of(str(tmp_path / place))
    assert said in str(error.value)


def test_files_called_log_are_the_log_only_where_there_is_nothing_else(tmp_path):
    touch(
        tmp_path, *(f"{name}.log" for name in ("server", "worker", "data")), *(f"{day}.csv" for day in DAYS)
    )
    found = layout_of(str(tmp_path))
    assert (found.source, len(found.files), len(found.aside)) == ("csv", 2, 3)
    assert layout_of(str(tmp_path / "*.log")).source == "capture"
