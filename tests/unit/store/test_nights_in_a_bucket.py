"""A night whose log, labels, training rows and lake are in a bucket is the night on disk."""

import datetime as dt

ONE = dt.timedelta(days=1)


def nights(world, day):
    world.train("1")
    found = []
    for each in (day, day + ONE):
        rows = world.rows(each)
        world.log(each, rows)
        world.labels(f"{each}.parquet", rows, day=each)
        found.append(world.night(each))
    return found


def told(records):
    return [
        (
            each.metric,
            each.version,
            each.segment,
            each.column,
            each.day,
            each.window,
            each.value,
            each.low,
            each.high,
            each.n,
        )
        for each in records
    ]


def test_nights_are_those_on_disk(small, small_in, bucket, day):
    local, remote = small("local"), small_in(bucket, "remote")
    for one, other in zip(nights(local, day), nights(remote, day), strict=True):
        assert told(one)
        assert told(one) == told(other)
    here, there = local.state(), remote.state()
    assert here.keys() == there.keys()
