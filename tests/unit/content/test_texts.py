"""What texts are described by, against the same things said in Python."""

import datetime as dt
import re

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from obs_dagster.content.protocol import DAY, fault_column, filled
from obs_dagster.content.text.patterns import personal_data
from obs_dagster.content.text.vocabulary import learn_vocabulary, unknown_share
from obs_dagster.content.text.words import words
from obs_dagster.sources.ingest import ingest_logs


def answer(make, text):
    """What SQL that is made for a column says of a text."""
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE log (x VARCHAR)")
        connection.execute("INSERT INTO log VALUES (?)", [text])
        return connection.sql(f"SELECT {make('x')} FROM log").fetchall()[0][0]


@pytest.fixture
def described(small, day):
    """Ingests texts of a day; gives their rows in the lake."""

    def make(texts, *, kind="parquet", version="1", **keys):
        world = small(
            features={"comment": {"type": "text", **keys}, "temp": {"type": "number"}},
            segments=[],
            logs={
                "source": kind,
                "path": f"logs/{{day}}.{kind}",
                "columns": {"prediction_id": "id", "time": "at", "version": "model", "score": "score"},
            },
        )
        rows = world.rows(day, len(texts)).assign(comment=pd.Series(texts, dtype=object), model=version)
        world.log(day, rows, kind=kind)
        ingest_logs(world.monitor, day, world.lake)
        table = world.lake.table("small", "inference_logs").read(day).to_pandas()
        return table.set_index("id").loc[rows["id"]]

    return make


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_words_are_runs_of_letters_and_digits(text):
    # Python's \w is that and the underscore, but for marks and scripts without spaces
    if text.isascii():
        assert answer(words, text) == re.findall(r"[a-z0-9]+", text.lower())


def test_each_sign_of_a_script_without_spaces_is_a_word():
    assert answer(words, "Das Wort 漢字 ist 2") == ["das", "wort", "漢", "字", "ist", "2"]


def test_shares_are_of_characters_and_of_letters(described):
    texts = ["Hello, World 42!", "ALL CAPS", "12", "?!", None]
    rows = described(texts)
    assert rows["comment_characters"].tolist()[:4] == [len(text) for text in texts[:4]]
    assert rows["comment_words"].tolist()[:4] == [3, 2, 1, 0]
    assert rows["comment_special_share"].tolist()[:4] == pytest.approx([2 / 16, 0, 0, 1])
    assert rows["comment_digit_share"].tolist()[:4] == pytest.approx([2 / 16, 0, 1, 0])
    assert rows["comment_upper_share"].tolist()[:2] == pytest.approx([2 / 10, 1])
    # what has no letter has no share of capital ones
    assert rows["comment_upper_share"].isna().tolist() == [False, False, True, True, True]
    assert rows.filter(like="comment").iloc[4].isna().all()


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_formats_without_types_are_described_alike(described, kind):
    texts = ["the same text in any format", "another one, with 3 numbers: 1 2 3"]
    columns = ["comment_characters", "comment_words", "comment_digit_share", "comment_word"]
    expected = described(texts)[columns]
    assert described(texts, kind=kind)[columns].equals(expected)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("the parcel arrived late and the box was open, so please send me another one", "en"),
        ("das Paket kam zu spät und der Karton war offen, bitte schicken Sie mir ein neues", "de"),
        ("le colis est arrivé en retard et la boîte était ouverte, merci de le remplacer", "fr"),
        ("посылка пришла поздно, и коробка была открыта, пришлите другую", "ru"),
        ("荷物の到着が遅れ、箱が開いていました。交換してください", "ja"),
        ("ok", "unknown"),
        ("123 456", "unknown"),
    ],
)
def test_languages_are_told(described, text, language):
    assert described([text])["comment_language"].item() == language


def luhn(number: str) -> bool:
    """By the definition of ISO/IEC 7812-1."""
    digits = [int(each) for each in number if each.isdigit()][::-1]
    return sum(d if at % 2 == 0 else sum(divmod(2 * d, 10)) for at, d in enumerate(digits)) % 10 == 0


@given(st.text("0123456789", min_size=13, max_size=19))
def test_numbers_with_a_right_check_digit_are_taken_for_cards(number):
    assert (answer(personal_data, f"my number is {number}.") == "card") == luhn(number)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to ann.other+x@mail.example.org, please", "email"),
        ("call +49 (0)30 1234567 or come by", "phone"),
        ("call me: 030-1234567", "phone"),
        ("(555) 123-4567", "phone"),
        ("my card is 4111 1111 1111 1111", "card"),
        ("a@b.de and 4111-1111-1111-1111", "several"),
        ("order 20240301 of 2024-03-01 at 12:30:59", "none"),
        ("version 1.2.3, 1,000,000 rows in 3.5 s", "none"),
        ("@home we have 4 of 10", "none"),
        ("", "none"),
        (None, None),
    ],
)
def test_personal_data_is_told_by_how_it_is_written(text, kind):
    assert answer(personal_data, text) == kind


def jaccard(one: str, other: str) -> float:
    def shingles(text):
        found = text.lower().split()
        return {tuple(found[at : at + 3]) for at in range(max(1, len(found) - 2))}

    return len(shingles(one) & shingles(other)) / len(shingles(one) | shingles(other))


def test_texts_that_are_nearly_the_same_are_repeated(described):
    rng = np.random.default_rng(0)
    vocabulary = [f"word{number}" for number in range(5_000)]
    texts = [" ".join(rng.choice(vocabulary, 60)) for _ in range(200)]
    near = [" ".join([*text.split()[:-1], "other"]) for text in texts[:100]]
    assert min(jaccard(one, other) for one, other in zip(texts, near, strict=False)) > 0.9
    repeated = described([*texts, *near, texts[150]])["comment_repeated"].to_numpy(bool)
    # of texts that share more than nine tenths of their shingles a twentieth is missed at most
    assert repeated[:100].mean() > 0.9
    assert repeated[200:300].mean() > 0.9
    assert repeated[150]
    assert repeated[300]
    assert not repeated[100:150].any()
    assert not repeated[151:200].any()


def test_what_two_versions_are_asked_is_no_repetition(described, small, day):
    world = small("two", features={"comment": {"type": "text"}}, segments=[])
    rows = pd.concat([world.rows(day, 20, version=version) for version in ("1", "2")])
    world.log(day, rows.assign(comment=[f"question number {n} of the day" for n in range(20)] * 2))
    ingest_logs(world.monitor, day, world.lake)
    assert not world.lake.table("small", "inference_logs").read(day)["comment_repeated"].to_numpy().any()


def test_a_word_is_drawn_from_each_text(described):
    rng = np.random.default_rng(1)
    texts = [" ".join(rng.choice(["alpha", "beta", "gamma", "delta"], 8)) + f" {n}" for n in range(2_000)]
    rows = described(texts)
    drawn = rows["comment_word"]
    assert all(word in text.split() for word, text in zip(drawn, texts, strict=True))
    shares_drawn = drawn[~drawn.str.isdigit()].value_counts(normalize=True)
    assert shares_drawn.to_numpy() == pytest.approx([0.25] * 4, abs=0.04)
    # a text without long words has a short one drawn
    assert described(["it is so"])["comment_word"].item() in ("it", "is", "so")


def zipf(rng, n, tail=20_000):
    """Texts whose words are as frequent as those of languages."""
    weights = 1 / np.arange(1, tail + 1)
    drawn = rng.choice(tail, (n, 40), p=weights / weights.sum())
    return [" ".join(f"w{each}" for each in row) for row in drawn]


def shares(learned, texts, days=None):
    sql = f"SELECT {filled(unknown_share(learned), ['x', words('x')])} AS share FROM texts"
    return relation(texts, days).query("texts", sql).df()["share"].to_numpy()


def relation(texts, days=None):
    """Texts with the day of each, which is not known of training rows."""
    columns = {"x": pa.array(texts, pa.string()), DAY: pa.array(days or [None] * len(texts), pa.date32())}
    return duckdb.from_arrow(pa.table(columns))


def on_days(n, first=1, days=20):
    return [dt.date(2024, 3, first) + dt.timedelta(days=each % days) for each in range(n)]


@pytest.mark.parametrize("of", ["training", "days"])
def test_texts_that_were_learned_from_look_as_new_as_others(of):
    rng = np.random.default_rng(2)
    learned_from, others = zipf(rng, 3_000), zipf(rng, 3_000)
    days, later = (on_days(3_000), [dt.date(2024, 6, 1)] * 3_000) if of == "days" else (None, None)
    learned = learn_vocabulary(relation(learned_from, days), "x")
    inside, outside = shares(learned, learned_from, days), shares(learned, others, later)
    assert 0.03 < outside.mean() < 0.4
    assert ks_2samp(inside, outside).pvalue > 0.01
    # were each text looked up among all words, those that were learned from would look familiar
    every = {"days": [], "words": {"": [word for each in learned["words"].values() for word in each]}}
    assert ks_2samp(shares(every, learned_from), shares(every, others)).pvalue < 1e-6


def test_texts_that_recur_know_each_other_from_day_to_day():
    rng = np.random.default_rng(3)
    pool = zipf(rng, 600)
    days = on_days(4_000)
    # from one day of the pool to the next most texts recur
    learned_from, others = list(rng.choice(pool, 4_000)), list(rng.choice(pool, 4_000))
    learned = learn_vocabulary(relation(learned_from, days), "x")
    inside = shares(learned, learned_from, days)
    outside = shares(learned, others, [dt.date(2024, 6, 1)] * 4_000)
    assert inside.mean() < 0.01
    assert inside.mean() == pytest.approx(outside.mean(), abs=0.005)
    # what nobody has said stands out by so much the more
    assert shares(learned, [f"{pool[0]} quite new"], [dt.date(2024, 6, 1)])[0] == pytest.approx(2 / 42)


def test_an_unknown_share_is_that_of_words_that_other_texts_lack():
    texts = [f"alpha beta gamma {'delta' if n % 2 else 'epsilon'} {n}" for n in range(400)]
    learned = learn_vocabulary(relation(texts), "x")
    assert shares(learned, ["alpha beta gamma delta"]) == pytest.approx([0])
    assert shares(learned, ["alpha zeta eta theta"]) == pytest.approx([3 / 4])
    assert np.isnan(shares(learned, ["?!"])).all()
    # its own number no other text has
    assert shares(learned, texts[:50]) == pytest.approx(np.full(50, 1 / 5))
    days = on_days(400)
    by_day = learn_vocabulary(relation(texts, days), "x")
    assert shares(by_day, texts[:50], days[:50]) == pytest.approx(np.full(50, 1 / 5))
    # a later day lacks one of them, in turn
    later = [shares(by_day, texts[:50], [dt.date(2024, 6, 1 + day)] * 50) for day in range(20)]
    assert np.mean(later, axis=0) == pytest.approx(np.full(50, 1 / 5 / 20))


def test_too_few_texts_teach_nothing():
    assert learn_vocabulary(relation(["one text", "and another"] * 20), "x") == {}


def test_empty_texts_are_faults_and_missing_ones_only_where_they_must_not_be(described):
    texts = ["a text", "", " \n", None]
    fault = fault_column("comment")
    assert described(texts)[fault].replace({np.nan: None}).tolist() == [None, "empty", "empty", None]
    assert described(texts, nullable=False)[fault].replace({np.nan: None}).tolist() == [
        None,
        "empty",
        "empty",
        "missing",
    ]


def test_of_personal_texts_no_word_is_kept(described, small):
    rows = described(["a secret of Ann", "another of Bob"], pii=True)
    assert "comment_word" not in rows
    monitor = small(features={"comment": {"type": "text", "pii": True}}, segments=[]).monitor
    assert "comment" in monitor.personal
    assert not {"comment_word", "comment_unknown_share"} & {*monitor.features}
    assert "comment_words" in monitor.features
