"""Objectives and hourly numbers against pandas on the raw rows of a log."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from obs_dagster.evaluation.hour_sections import hour_sections
from obs_dagster.evaluation.hourly import hourly_records
from obs_dagster.evaluation.hours import count_hours, hours_of_day
from obs_dagster.metrics.intervals import wilson
from obs_dagster.sources.ingest import ingest_logs

FIRST = dt.date(2024, 3, 4)
DAYS = [FIRST + dt.timedelta(days=back) for back in range(6)]
ROLES = {"prediction_id": "id", "time": "at", "version": "model", "score": "score"}
TARGETS = {"availability": 0.99, "latency": {"under_ms": 300, "target": 0.95}, "window": 5}
WINDOWS = {"1h": (1, 1), "6h": (6, 1), "3d": (72, 6)}


def _day(day, rng):
    """Two versions; an outage in one hour, a slow afternoon, quiet nights, and what is not known."""
    rows = 1500
    at = pd.Timestamp(day, tz="UTC") + pd.to_timedelta(rng.triangular(0, 14, 24, rows) * 3600, "s").round(
        "ms"
    )
    hour = at.hour.to_numpy()
    down = (hour == 10) & (day == DAYS[4]) & (rng.uniform(size=rows) < 0.6)
    status = np.where(down | (rng.uniform(size=rows) < 0.004), "503", "200").astype(object)
    status[rng.uniform(size=rows) < 0.002] = None
    latency = rng.lognormal(4.2, 0.6, rows) * np.where((hour > 13) & (day == DAYS[5]), 3.5, 1.0)
    latency[rng.uniform(size=rows) < 0.01] = np.nan
    return pd.DataFrame(
        {
            "id": [f"{day}-{number}" for number in range(rows)],
            "at": at.astype("datetime64[us, UTC]"),
            "model": np.where(np.arange(rows) % 4 == 0, "2", "1"),
            # what failed has no score, and is quarantined
            "score": np.where(down, np.nan, rng.uniform(size=rows)),
            "temp": 1.0,
            "hour": 1,
            "carrier": "AA",
            "took": latency,
            "status": status,
        }
    )


@pytest.fixture(scope="module", params=["UTC", "Asia/Kolkata"])
def world(request, small_at, tmp_path_factory):
    """A world whose hours are counted, with its raw rows."""
    world = small_at(
        tmp_path_factory.mktemp("hours"),
        logs={
            "source": "parquet",
            "path": "logs/{day}.*",
            "columns": ROLES | {"latency_ms": "took", "status": "status"},
            "day_of": "time",
        },
        objectives=TARGETS,
        time_zone=request.param,
    )
    rng = np.random.default_rng(7)
    frames = [_day(day, rng) for day in DAYS]
    for day, frame in zip(DAYS, frames, strict=True):
        world.log(day, frame)
    for day in DAYS[1:]:
        ingest_logs(world.monitor, day, world.lake)
    count_hours(world.tonight, DAYS[1:])
    rows = pd.concat(frames)
    local = rows["at"].dt.tz_convert(request.param)
    rows["day"] = local.dt.date
    # of what is before the first night nothing is known
    return world, rows[rows["day"].between(DAYS[1], DAYS[-1])].assign(
        hour=lambda each: each["at"].astype("int64") // 3_600_000_000,
        failed=lambda each: each["status"] != "200",
        timed=lambda each: each["took"].notna(),
        slow=lambda each: each["took"] >= 300,
    )


def _found(world, day):
    return {(each.version, each.metric): each for each in hourly_records(world.tonight, day)}


def test_budgets_are_those_of_the_raw_rows(world):
    world, rows = world
    for day in (DAYS[3], DAYS[5]):
        found = _found(world, day)
        of_window = rows[(rows["day"] > day - dt.timedelta(days=5)) & (rows["day"] <= day)]
        for version, of_version in of_window.groupby("model"):
            for name, bad, judged, target in (
                ("availability", of_version["failed"], of_version, 0.99),
                ("latency", of_version["slow"], of_version[of_version["timed"]], 0.95),
            ):
                missed = bad.sum() / len(judged)
                reached, left = found[version, f"{name}_reached"], found[version, f"{name}_budget_left"]
                assert (reached.n, left.n) == (len(judged), len(judged))
                assert reached.value == pytest.approx(1 - missed)
                assert left.value == pytest.approx(1 - missed / (1 - target))
                low, high = wilson(int(bad.sum()), len(judged))
                assert (left.low, left.high) == pytest.approx(
                    (1 - high / (1 - target), 1 - low / (1 - target))
                )


def test_burn_rates_are_the_lower_of_both_windows_at_the_surest_hour(world):
    world, rows = world
    zone = world.changes["time_zone"]
    for day in DAYS[4:]:
        found = _found(world, day)
        for version, of_version in rows.groupby("model"):
            judged = {"availability": of_version, "latency": of_version[of_version["timed"]]}
            for name, bad, allowed in (("availability", "failed", 0.01), ("latency", "slow", 0.05)):
                for window, (long, short) in WINDOWS.items():
                    expected = _burn(judged[name], day, zone, bad, (long, short), allowed)
                    record = found[version, f"{name}_burn_{window}"]
                    assert (record.value, record.low, record.n) == pytest.approx(expected)
    assert found["1", "availability_burn_1h"].value < 14.4
    outage = _found(world, DAYS[4])["1", "availability_burn_1h"]
    assert outage.low > 14.4
    assert found["1", "latency_burn_6h"].low > 3


def _burn(rows, day, zone, bad, windows, allowed):  # noqa: PLR0917  one call
    begin = pd.Timestamp(day, tz=zone).timestamp() / 3600
    first, last = int(begin), int(np.ceil(begin + 24)) - 1
    # the next day begins within the hour where a zone is half an hour off
    rows = rows[(rows["day"] <= day) & (rows["hour"] > first - 72)]
    best = None
    for end in range(first, last + 1):
        rates = []
        for length in windows:
            within = rows[(rows["hour"] > end - length) & (rows["hour"] <= end)]
            low, _ = wilson(int(within[bad].sum()), len(within))
            rates.append((within[bad].mean() / allowed if len(within) else 0.0, low / allowed, len(within)))
        if rates[1][2] >= 30:
            sure = (min(rates[0][1], rates[1][1]), min(rates[0][0], rates[1][0]), rates[1][2])
            best = max(best, sure) if best else sure
    return best[1], best[0], best[2]


def test_the_slowest_hour_has_the_mean_of_its_rows(world):
    world, rows = world
    for day in DAYS[2:]:
        for version, of_day in rows[(rows["day"] == day) & rows["timed"]].groupby("model"):
            hours = of_day.groupby("hour")["took"].agg(["mean", "size", "std"])
            hours = hours[hours["size"] >= 30]
            low = hours["mean"] - 1.959964 * hours["std"] / np.sqrt(hours["size"])
            found = _found(world, day)[version, "latency_slowest_hour"]
            assert found.value == pytest.approx(hours["mean"][low.idxmax()])
            assert found.low == pytest.approx(low.max(), rel=1e-4)
            assert found.n == hours["size"][low.idxmax()]


def test_the_page_draws_the_share_of_each_hour_that_has_requests(world):
    world, rows = world
    of_day = rows[(rows["day"] == DAYS[4]) & (rows["model"] == "1")]
    failed, slow = hour_sections(world.tonight, DAYS[4])["1"]
    assert (failed.note, slow.note) == ("1 % may be", "300 ms or more; 5 % may be")
    shares = 100 * of_day.groupby("hour")["failed"].mean()
    assert [point.y for point in failed.points] == pytest.approx(shares.tolist())
    assert [point.x for point in failed.points] == (
        shares.index - of_day["hour"].min() + failed.points[0].x
    ).tolist()


def test_another_limit_counts_the_days_of_the_window_anew_as_far_as_they_can_be_read(world):
    world, rows = world
    stricter = type(world)(
        world.root, world.changes | {"objectives": TARGETS | {"latency": {"under_ms": 100, "target": 0.5}}}
    )
    assert hours_of_day(stricter.monitor, DAYS[5], world.lake) == {}
    lost = world.lake.table("small", "inference_logs").path(DAYS[4])
    kept = lost.read_bytes()
    lost.write_bytes(b"damaged")
    count_hours(stricter.tonight, [DAYS[5]])
    found = _found(stricter, DAYS[5])["1", "latency_reached"]
    lost.write_bytes(kept)
    count_hours(world.tonight, DAYS[1:])
    known = rows[(rows["day"] != DAYS[4]) & (rows["model"] == "1") & rows["timed"]]
    assert found.value == pytest.approx((known["took"] < 100).mean())


def test_a_log_without_a_column_says_so(small, day):
    columns = ROLES | {"latency_ms": "took", "status": "status"}
    world = small(logs={"source": "parquet", "path": "logs/{day}.*", "columns": columns}, objectives=TARGETS)
    world.log(day)
    ingest_logs(world.monitor, day, world.lake)
    count_hours(world.tonight, [day])
    found = _found(world, day)
    for name in ("availability_reached", "availability_budget_left", "availability_burn_6h"):
        assert found["1", name].reason == "no statuses"
    for name in ("latency_budget_left", "latency_burn_1h", "latency_slowest_hour"):
        assert found["1", name].reason == "no latencies"
