"""What holds for every content type, whatever it is of."""

import datetime as dt
import json
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest

from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.content.protocol import described, fault_column
from obs_dagster.history import History
from obs_dagster.monitor.content import CONTENT, descriptors
from obs_dagster.profile.grids.asinh_grid import AsinhGrid
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.quality.validated import QUARANTINE, day_quality
from obs_dagster.reports.gather import gather
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.log_schema import LogSchema
from tests.unit.content.content_rows import broken, keys, sound

KINDS = list(CONTENT.all())
DOCS = Path(__file__).parents[3] / "docs" / "content.md"


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def world(small, kind):
    return small(features={"temp": {"type": "number"}, "what": keys(kind)}, segments=[], labels=None)


def rows(world, kind, day, n=30, *, seed=0, values=None):
    given = sound(kind, n, seed) if values is None else values
    return world.rows(day, len(given), seed=seed).assign(what=pd.Series(given, dtype=object))


def ingested(world, day):
    ingest_logs(world.monitor, day, world.lake)
    return world.lake.table("small", "inference_logs").read(day).to_pandas()


def columns(world):
    return [name for name, (_, each) in world.monitor.described.items() if not each.learned]


def test_every_descriptor_is_documented(kind):
    text = DOCS.read_text(encoding="utf-8")
    feature = described_feature(kind)
    for each in descriptors(feature):
        # projections are told by the first and the last of them
        name = "p00" if each.name[1:].isdigit() else each.name
        assert f"`_{name}`" in text, f"docs/content.md does not say what _{each.name} is"
    for rule in described(feature).faults("NAME", feature).values():
        assert rule.removeprefix("NAME ").replace(str(feature.dimension), "N") in text


def described_feature(kind):
    from obs_dagster.monitor.contract import Feature

    return Feature.model_validate(keys(kind))


def test_values_are_kept_and_described(world, kind, day):
    world.log(day, rows(world, kind, day))
    found = ingested(world, day)
    assert found[columns(world)].notna().all().all()
    assert found[fault_column("what")].isna().all()
    assert "what" in found


def test_a_row_is_described_as_among_others(world, kind, day):
    given = rows(world, kind, day)
    world.log(day, given)
    among = ingested(world, day).iloc[[3]]
    world.log(day, given.iloc[[3]])
    assert ingested(world, day)[columns(world)].equals(among[columns(world)].reset_index(drop=True))


def test_rows_in_another_order_are_described_alike(world, kind, day):
    given = rows(world, kind, day)
    world.log(day, given)
    first = ingested(world, day).set_index("id")[columns(world)].sort_index()
    world.log(day, given.iloc[::-1])
    assert ingested(world, day).set_index("id")[columns(world)].sort_index().equals(first)


@pytest.mark.parametrize("given", ["no rows", "nulls"])
def test_without_values_nothing_is_described(world, kind, day, given):
    frame = rows(world, kind, day)
    world.log(day, frame.iloc[:0] if given == "no rows" else frame.assign(what=None))
    found = ingested(world, day)
    assert found.empty or found[columns(world)].isna().all().all()
    assert found[fault_column("what")].isna().all()


def test_a_log_without_the_column_says_so(world, kind, day):
    world.log(day, rows(world, kind, day).drop(columns="what"))
    world.train("1")
    records = world.night(day)
    assert {"column what is there"} & {each.reason for each in records} or not any(
        each.column.startswith("what_") and each.value is not None for each in records
    )


@pytest.fixture(scope="module")
def evaluated(small_at, tmp_path_factory, day):
    """A world of each kind after a night, and the records of that; made when first asked for."""
    known = {}

    def of(kind):
        if kind not in known:
            segment = {"text": "what_language", "embedding": "what_cluster", "image": "what_format"}[kind]
            world = small_at(
                tmp_path_factory.mktemp(kind),
                features={"temp": {"type": "number"}, "what": keys(kind)},
                segments=[segment],
            )
            world.write("training/1.parquet", rows(world, kind, day, 400, seed=5))
            values = sound(kind, 200)
            values[7] = broken(kind)
            log = rows(world, kind, day, values=values)
            world.log(day, log)
            world.labels("all.parquet", log, day=day)
            known[kind] = (world, log, world.night(day))
        return known[kind]

    return of


def test_a_broken_value_is_quarantined_with_the_reason(evaluated, kind, day, tmp_path):
    world, log, _ = evaluated(kind)
    quarantined = world.lake.table("small", QUARANTINE).read(day).to_pylist()
    assert [each["id"] for each in quarantined] == [log["id"].iloc[7]]
    (rule,) = quarantined[0]["_obs_rules"]
    assert rule in described(described_feature(kind)).faults("what", described_feature(kind)).values()
    with History.open(f"sqlite:///{tmp_path / 'history.db'}") as history:
        now = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
        assert gather(world.monitor, history, day, now=now, lake=world.lake).broken == {rule: 1}
    (result,) = (each for each in day_quality(world.monitor, day, world.lake).results if each["rule"] == rule)
    # an example says more than the rule, or there is none
    assert all(" " in each for each in result["examples"])


def test_nights_compare_every_descriptor_with_the_baseline(evaluated, kind):
    world, _, records = evaluated(kind)
    drift = {each.column for each in records if each.metric == "psi"}
    assert {*world.monitor.described} <= drift
    # the content itself is not counted
    assert "what" not in drift


def test_descriptors_are_counted_on_grids_of_the_baseline_s_days(small, kind, day):
    days = {"kind": "days", "first": str(day), "last": str(day)}
    features = {"temp": {"type": "number"}, "what": keys(kind)}
    world = small(features=features, segments=[], labels=None, baseline=days)
    world.log(day, rows(world, kind, day, 200))
    grids = prepare_baseline(world.monitor, world.lake).grids.columns
    numbers = [
        name for name, (_, each) in world.monitor.described.items() if each.type in ("integer", "number")
    ]
    assert not [name for name in numbers if grids[name] == AsinhGrid(centre=0.0, scale=1.0)]


def test_rows_are_split_by_a_descriptor(evaluated, kind):
    world, _, records = evaluated(kind)
    (segment,) = world.monitor.segments
    cells = {each.segment for each in records if each.metric == "recall" and each.value is not None}
    assert any(each.startswith(f"{segment}=") for each in cells)


def test_a_night_that_runs_twice_changes_nothing(evaluated, kind, day):
    world, _, _ = evaluated(kind)
    first = world.state()
    world.night(day)
    assert world.state() == first


def test_what_is_read_and_learned_goes_through_json(evaluated, kind):
    world, _, _ = evaluated(kind)
    schema = LogSchema.of(world.monitor)
    assert LogSchema.from_json(json.loads(json.dumps(asdict(schema)))).rows([]) == schema.rows([])
    grids = world.tonight.grids
    again = Grids.from_json(json.loads(json.dumps(grids.to_json())))
    assert (again.id, again.learned) == (grids.id, grids.learned)


def test_what_a_file_says_of_a_descriptor_is_its_contract(small, kind, day):
    name = {"text": "words", "embedding": "norm", "image": "width"}[kind]
    plain = {"text": "integer", "embedding": "number", "image": "integer"}[kind]
    features = {"what": keys(kind), f"what_{name}": {"type": plain, "max": 0}}
    world = small(features=features, segments=[], labels=None)
    world.log(day, rows(world, kind, day))
    world.write("training/1.parquet", rows(world, kind, day, 200, seed=5))
    world.night(day)
    quarantined = world.lake.table("small", QUARANTINE).read(day).to_pylist()
    assert len(quarantined) == 30
    assert quarantined[0]["_obs_rules"] == [f"what_{name} is outside [-∞, 0]"]


def test_what_the_model_reads_is_the_content(world):
    assert world.monitor.inputs == ("temp", "what")
    assert "what" not in world.monitor.features
