"""Whatever a log has as content: a row is evaluated, or quarantined with the reason, and never lost."""

import io
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.content.protocol import described
from obs_dagster.engine.protocol import engine_of
from obs_dagster.monitor.contract import Feature
from obs_dagster.quality.contract import UNCAST_RULE
from obs_dagster.quality.day import validate_day
from obs_dagster.quality.validated import QUARANTINE
from obs_dagster.sources.ingest import ingest_logs
from tests.unit.content.content_rows import DIMENSION, broken, keys, sound

_FLOATS = st.one_of(
    st.floats(width=32), st.none(), st.sampled_from([3e38, -3e38, 1e-45, 0.0, math.nan, math.inf, -math.inf])
)
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "ICO")


def _damaged(draw, content):
    """An image with some bytes changed, or cut off."""
    cut = draw(st.integers(0, len(content)))
    changed = bytearray(content[:cut] if draw(st.booleans()) else content)
    for place in draw(st.lists(st.integers(0, max(len(changed) - 1, 0)), max_size=4)):
        if changed:
            changed[place] ^= draw(st.integers(1, 255))
    return bytes(changed)


@st.composite
def images(draw):
    shape = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    mode = draw(st.sampled_from(["L", "RGB"]))
    image = Image.new("RGB", shape, draw(st.sampled_from(["red", "black", "white"]))).convert(mode)
    found = io.BytesIO()
    image.save(found, draw(st.sampled_from(_FORMATS)))
    return _damaged(draw, found.getvalue())


VALUES = {
    "text": st.one_of(
        st.none(), st.text(max_size=200), st.sampled_from(["", " ", "\t\n", "\0", "a" * 100_000, "🙂" * 50])
    ),
    "embedding": st.one_of(
        st.none(),
        st.lists(_FLOATS, max_size=DIMENSION + 2),
        st.lists(_FLOATS, min_size=DIMENSION, max_size=DIMENSION),
    ),
    "image": st.one_of(st.none(), st.binary(max_size=100), images()),
}
TYPES = {"text": pa.string(), "embedding": pa.list_(pa.float32()), "image": pa.binary()}


@pytest.mark.parametrize("kind", list(VALUES))
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_row_is_evaluated_or_quarantined_with_the_reason(small_at, tmp_path_factory, day, kind, data):
    values = data.draw(st.lists(VALUES[kind], min_size=30, max_size=30))
    values += [*sound(kind, 40), broken(kind)]
    world = small_at(
        tmp_path_factory.mktemp("any"),
        features={"what": keys(kind)},
        segments=[],
        labels=None,
        quality={"max_quarantined_share": 1.0},
    )
    rows = world.rows(day, len(values))
    path = world.log(day, rows)
    table = pq.read_table(path).append_column("what", pa.array(values, TYPES[kind]))
    pq.write_table(table, path)
    ingest_logs(world.monitor, day, world.lake)
    quality = validate_day(world.monitor, day, world.lake)
    assert quality.evaluated
    quarantined = world.lake.table("small", QUARANTINE).read(day).to_pandas()
    assert len(quarantined) == quality.quarantined
    with engine_of(world.monitor).clean_rows(world.monitor, [day], world.lake) as found:
        clean = found.to_native().df()
    assert sorted([*clean["id"], *quarantined["id"]]) == sorted(rows["id"])
    feature = Feature.model_validate(keys(kind))
    legal = {*described(feature).faults("what", feature).values(), UNCAST_RULE}
    assert {rule for rules in quarantined["_obs_rules"] for rule in rules} <= legal
    assert rows["id"].iloc[-1] in set(quarantined["id"])
    # sound ones among broken ones are described as ever
    told = world.monitor.described.items()
    numbers = [name for name, (_, each) in told if each.type == "number" and each.sql]
    kept = clean.set_index("id").loc[rows["id"].iloc[30:-1], numbers]
    assert np.isfinite(kept.to_numpy(dtype=float)).all()


def test_training_rows_lack_nothing_that_is_made_of_their_content(small, day):
    world = small(features={"comment": keys("text"), "vector": keys("embedding")}, segments=[], labels=None)
    rows = world.rows(day, 10).assign(comment="some words", vector=[[0.0] * DIMENSION] * 10)

    def told(frame):
        world.write("training/1.parquet", frame)
        return [(each.status, each.detail) for each in baseline_of(world.monitor).look(world.monitor, ["1"])]

    assert told(rows)[0] == ("ok", "training rows of versions 1")
    lacking = "the training rows of version 1 have no column vector: these are compared with nothing"
    assert ("warn", lacking) in told(rows.drop(columns="vector"))
