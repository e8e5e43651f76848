"""The benchmark of content: its worlds, and that what happens to them shows in what describes them."""

from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import mannwhitneyu

from bench.content import quiet
from bench.content.corpus import german, paragraphs
from bench.content.world import COLUMN, World, some
from bench.content.worlds import images, worlds
from bench.parts import content as part
from obs_dagster.content.image.reading import of_bytes
from obs_dagster.content.protocol import DAY, filled
from obs_dagster.content.text.language import languages
from obs_dagster.content.text.vocabulary import learn_vocabulary, unknown_share
from obs_dagster.content.text.words import words


@pytest.fixture(scope="module")
def prose():
    """Paragraphs about a few things, and about something else."""
    return [text for name in ("alembic", "httpx", "structlog") for text in paragraphs(name)], paragraphs(
        "joblib"
    )


def of_texts(texts):
    return duckdb.from_arrow(pa.table({"x": list(texts), DAY: pa.nulls(len(texts), pa.date32())}))


def unknown(learned, texts):
    rows = of_texts(texts)
    sql = f"SELECT {filled(unknown_share(learned), ['x', words('x')])} AS share FROM texts"
    return rows.query("texts", sql).df()["share"].dropna().to_numpy()


def test_a_new_topic_of_a_twentieth_shows_in_words_that_nobody_knew(prose):
    known, new = prose
    assert min(len(known), len(new)) > 50
    chance = np.random.default_rng(0)
    learned = learn_vocabulary(of_texts([known[at] for at in chance.integers(len(known), size=4_000)]), "x")

    def day(share):
        drawn = [known[at] for at in chance.integers(len(known), size=1_000)]
        return some(share, lambda _, of: new[int(of.integers(len(new)))])(drawn, chance)

    quiet, other = unknown(learned, day(0)), unknown(learned, day(0))
    assert mannwhitneyu(quiet, other).pvalue > 0.01
    assert mannwhitneyu(unknown(learned, day(0.05)), quiet, alternative="greater").pvalue < 0.05
    assert mannwhitneyu(unknown(learned, day(0.10)), quiet, alternative="greater").pvalue < 0.001


def test_another_language_is_told(prose):
    told = languages(pa.array([*prose[0][:100], *german(100)])).to_pylist()
    assert told[:100].count("en") > 90
    assert told[100:].count("de") > 90


def test_what_happens_to_pictures_shows_in_what_describes_them():
    world = replace(images(), rows=200)
    day = world.day(0)

    def described(name=None):
        rows = world.served(day, world.faults[name] if name else None)
        return of_bytes(pa.array(rows[COLUMN].tolist()))

    def of(found, name):
        return np.array(found.field(name).to_pylist(), float)

    quiet = described()
    assert quiet.field("fault").null_count == world.rows
    assert np.median(of(described("blurred"), "sharpness")) < np.median(of(quiet, "sharpness")) / 4
    swapped = described("channels swapped")
    assert of(swapped, "warmth") == pytest.approx(-of(quiet, "warmth"), abs=1e-6)
    assert 2 < world.rows - described("6 % cut off").field("fault").null_count < 30
    assert 5 < described("a tenth as JPEG").field("format").to_pylist().count("JPEG") < 45


def test_days_of_a_world_are_always_the_same():
    def values(number, chance):
        return [f"text {each}" for each in chance.integers(100, size=number)]

    world = World("w", "texts", {"type": "text"}, values, {}, rows=20)
    assert world.served(world.day(3)).equals(world.served(world.day(3)))
    assert not world.served(world.day(3))[COLUMN].equals(world.served(world.day(4))[COLUMN])


def test_results_read_as_tables():
    facts = {"told": "texts", "rows": 1_000, "nights": 30, "alarms": [], "found": {"a fault": 1, "b": None}}
    cases = {
        name: {"measured": {"facts": {**facts, "by": {"a fault": ["x|y"], "b": []}}}} for name in worlds()
    }
    assert part.headline(cases) == [
        ("faults of texts, embeddings and images that are found within two nights", "3 of 6")
    ]
    assert "0 alarms on 30 nights" in part.section(cases)
    assert part.headline({}) == []


def test_a_year_of_a_pool_is_quiet_until_its_days_are_about_something_else(tmp_path):
    chance = np.random.default_rng(0)
    kinds = [(0.5, list(chance.normal(at, 1, (150, 8)).astype(np.float32))) for at in (-1, 1)]
    world = World("w", "vectors", {"type": "embedding", "dimension": 8}, lambda *_: [], {})
    pool = quiet.Described(world, kinds, tmp_path)
    assert {"content_distance", "content_cluster", "score"} <= {*pool.columns}
    assert pool.unlike == ["content_distance"]
    found = quiet.p_values_of_a_year(pool, 0, nights=7)
    assert found.shape == (7, len(pool.columns))
    assert found.min() > 1e-4
    moved = quiet.p_values_of_a_year(pool, 0, nights=2, shares=np.array([0.95, 0.05]))
    assert moved[:, pool.columns.index("content_cluster")].max() < 1e-6
    assert list(quiet.alarms_of(pool, [0], nights=7)) == [(0, 0)]
    assert "| w | 2 | 0.50 (" in quiet.results({"w": [(0, 0), (1, 0)]})
