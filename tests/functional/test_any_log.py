"""Any small log goes through ingestion, validation and profile; every row is accounted for, or refused."""

import datetime as dt
import json
from decimal import Decimal
from uuid import uuid4

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from obs_dagster.baselines.stored import GRIDS, baseline_folder
from obs_dagster.errors import ObsError
from obs_dagster.evaluation.profiling import profile_days
from obs_dagster.lake.lake import write_json
from obs_dagster.profile.grids.fit import fit_grids
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import ingest_logs

DAY = dt.date(2024, 3, 4)
ONE = dt.timedelta(days=1)
MIDNIGHT = int(dt.datetime(2024, 3, 4, tzinfo=dt.UTC).timestamp())
EXTREMES = (2**63 - 1, -(2**63), -(2**63) + 1, 253_402_300_800, -62_135_596_801, 0, 1)
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
ZONES = (None, "UTC", "America/New_York", "+05:30")
ROLES = ("id", "at", "model", "score", "temp", "hour", "carrier", "flag")
ODD_NAMES = (
    "hashed",
    "source",
    "log",
    "replaced",
    "n",
    "key",
    "value",
    "file_row_number",
    "filename",
    "TEMP",
    "_obs_row",
    "_obs_hash",
    "prediction",
    "select",
    "q\"uo'te",
    " ",
    "",
    "ünï",
    "a\0b",
    "day=2024",
    "c0",
    "x.y",
)


def _nullable(values):
    return values | st.none()


def _moments(unit):
    within = st.integers(0, 86_399).map(lambda second: (MIDNIGHT + second) * UNITS[unit])
    return within | within | st.sampled_from(EXTREMES)


_TEXTS = st.sampled_from(
    ["", "a", "1.10", "1e5", "9:30", "2024-03-04 10:00", "infinity", "true", "NaN", "x\0y", "ü", "9" * 30]
)
_FLOATS = st.floats(width=32) | st.floats(0, 1, width=32) | st.sampled_from([1.7e9, 1e300, -1e300])
_PLAIN = [
    (pa.bool_(), st.booleans()),
    (pa.int8(), st.integers(-128, 127)),
    (pa.int64(), st.integers(-(2**63), 2**63 - 1) | st.integers(0, 23)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.float16(), st.floats(width=16)),
    (pa.float32(), st.floats(width=32)),
    (pa.float64(), _FLOATS),
    (pa.decimal128(38, 10), st.decimals(-1_000, 1_000, places=10, allow_nan=False)),
    (pa.decimal256(50, 2), st.just(Decimal("12345678901234567890.12"))),
    (pa.string(), _TEXTS),
    (pa.large_string(), _TEXTS),
    (pa.binary(), st.binary(max_size=4)),
    (pa.binary(16), st.just(b"0123456789abcdef")),
    (pa.dictionary(pa.int32(), pa.string()), _TEXTS),
    (pa.date32(), st.sampled_from([0, 19_786, 2**31 - 1, -(2**31)])),
    (pa.date64(), st.sampled_from([0, 19_786 * 86_400_000])),
    (pa.time32("s"), st.just(3_600)),
    (pa.time64("ns"), st.just(3_600)),
    (pa.duration("us"), st.sampled_from([0, -5, 2**62])),
    (pa.null(), st.none()),
    (pa.list_(pa.float32()), st.just([1.0, float("nan")])),
    (pa.struct([("k", pa.string()), ("t", pa.timestamp("ns", "UTC"))]), st.just({"k": "x", "t": 0})),
    (pa.map_(pa.string(), pa.int64()), st.just([("k", 1)])),
    *((pa.timestamp(unit, zone), _moments(unit)) for unit in UNITS for zone in ZONES),
]
#: For each role types that fit it come up as often as others, so that some rows get through.
_FITTING = {
    "id": (pa.string(), st.sampled_from([f"p{number}" for number in range(8)])),
    "at": (
        pa.timestamp("us", "UTC"),
        st.integers(0, 86_399).map(lambda second: (MIDNIGHT + second) * 10**6),
    ),
    "model": (pa.string(), st.sampled_from(["1", "2", "v" * 300, "a/b"])),
    "score": (pa.float64(), st.floats(0, 1)),
    "temp": (pa.float64(), _FLOATS),
    "hour": (pa.int64(), st.integers(0, 23)),
    "carrier": (pa.string(), _TEXTS),
    "flag": (pa.bool_(), st.booleans()),
}


@st.composite
def columns(draw, names, rows):
    """Arrow columns by name."""
    found = {}
    for name in names:
        kind, values = draw(
            st.sampled_from([_FITTING[name]] * len(_PLAIN) + _PLAIN if name in _FITTING else _PLAIN)
        )
        drawn = draw(
            st.lists(_nullable(values) if draw(st.booleans()) else values, min_size=rows, max_size=rows)
        )
        found[name] = _array(drawn, kind)
    return found


def _array(values, kind):
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_time(kind):
        width = pa.int64() if kind.bit_width == 64 else pa.int32()
        return pa.array(values, width).view(kind)
    return pa.array(values, kind)


@st.composite
def logs(draw):
    """The files of one day; each has some of the roles, and some columns that nobody declared."""
    files = []
    for _ in range(draw(st.integers(1, 2))):
        rows = draw(st.integers(0, 12))
        absent = draw(st.sampled_from([None, None, None, None, *ROLES]))
        extra = draw(st.lists(st.sampled_from(ODD_NAMES), max_size=3, unique=True))
        names = [*(name for name in ROLES if name != absent), *extra]
        files.append(draw(columns(draw(st.permutations(names)), rows)))
    return files


@given(logs(), st.sampled_from(["path", "time", None]), st.sampled_from(["UTC", "Asia/Tokyo"]))
@settings(
    max_examples=30,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
def test_every_row_is_evaluated_quarantined_a_duplicate_or_refused(small, files, day_of, zone):
    world = _world(small, {"day_of": day_of, "source": "parquet"}, zone)
    written = 0
    for number, file in enumerate(files):
        path = world.root / f"logs/{DAY}/{number}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        # seconds are milliseconds in Parquet, of which some would overflow
        table = pa.table({name: _storable(array) for name, array in file.items()})
        pq.write_table(table, path)
        written += table.num_rows
    _account_for(world, written)


_SCALARS = (
    _TEXTS | st.integers() | st.floats() | st.booleans() | st.none() | st.lists(st.integers(), max_size=2)
)
_LINES = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b", 5, 5.0, "5", 2**60]) | _SCALARS,
        "at": st.sampled_from(["2024-03-04T10:00:00Z", MIDNIGHT, MIDNIGHT * 1000]) | _SCALARS,
        "model": st.sampled_from(["1", 2]) | _SCALARS,
        "score": st.floats(0, 1) | _SCALARS,
    },
    optional=dict.fromkeys(("temp", "hour", "carrier", "flag", "TEMP", "n", "", "a\x00b", "x y"), _SCALARS),
)


@given(st.lists(_LINES, max_size=12))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_json_line_is_accounted_for(small, lines):
    world = _world(small, {"source": "jsonl"}, "UTC")
    path = world.root / f"logs/{DAY}/a.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    _account_for(world, len(lines))


def _world(small, logs, zone):
    world = small(uuid4().hex)
    world.changes |= {
        "time_zone": zone,
        "quality": {"max_quarantined_share": 1.0},
        "features": {
            "temp": {"type": "number"},
            "hour": {"type": "integer", "unique": True},
            "carrier": {"type": "category"},
            "flag": {"type": "boolean"},
        },
    }
    own = world.monitor.logs.model_dump(exclude_none=True) | {"path": "logs/{day}/*"}
    world.changes["logs"] = own | {name: value for name, value in logs.items() if value is not None}
    return world


def _storable(array):
    if pa.types.is_timestamp(array.type) and array.type.unit == "s":
        limit = 2**63 // 1000 - 1
        kept = [
            None if each is None or abs(each) > limit else each for each in array.view(pa.int64()).to_pylist()
        ]
        return pa.array(kept, pa.int64()).view(array.type)
    return array


def _account_for(world, written):
    monitor, lake = world.monitor, world.lake
    # rows that go by their time may belong to the day before or after
    days = [DAY - ONE, DAY, DAY + ONE]
    try:
        found = {day: ingest_logs(monitor, day, lake) for day in days}
    except ObsError as error:
        event(f"refused: {type(error).__name__}")
        return
    assert sum(each.rows + each.duplicates for each in found.values()) == written
    quality = validate_day(monitor, DAY, lake)
    assert (quality.rows, quality.duplicates) == (found[DAY].rows, found[DAY].duplicates)
    _fit(world)
    [(_, profile)] = profile_days(world.tonight, [DAY])
    evaluated = sum(profile.rows(version) for version in profile.versions())
    event(f"some rows are evaluated: {evaluated > 0}")
    if quality.evaluated:
        assert evaluated + quality.quarantined == quality.rows
    else:
        assert evaluated == 0
        assert quality.reason


def _fit(world):
    rows = world.rows(DAY, 50).assign(flag=True)
    with connect() as connection:
        relation = connection.from_arrow(pa.Table.from_pandas(rows, preserve_index=False))
        grids = fit_grids(nw.from_native(relation), world.monitor)
    write_json(baseline_folder(world.monitor, world.lake) / GRIDS, grids.to_json())
