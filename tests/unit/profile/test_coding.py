"""Columns of few different texts as codes."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.profile.coding import CODED, coded, one_coding, sortable
from obs_dagster.profile.profile import merge_rows, slices

TEXTS = st.lists(st.one_of(st.none(), st.sampled_from(["", "b", "a", "ä", "a,b", "*"])), max_size=12)


def table(values):
    return pa.table({"name": pa.array(values, pa.string()), "n": pa.array(range(len(values)), pa.int64())})


@given(TEXTS, TEXTS)
def test_equal_content_is_equally_coded_whatever_it_comes_from(one, other):
    whole = coded(table(one + other), ["name"])
    assert whole["name"].to_pylist() == one + other
    assert whole.schema.field("name").type == CODED
    parts = [coded(table(values), ["name"])["name"] for values in (one, other)]
    joined = pa.table({"name": pa.chunked_array([*parts[0].chunks, *parts[1].chunks], CODED)})
    again = coded(joined.append_column("n", whole["n"]), ["name"])
    assert again.equals(whole)
    assert coded(again, ["name"]) is again
    texts = whole["name"].combine_chunks().dictionary.to_pylist()
    assert texts == sorted({*one, *other} - {None}, key=lambda text: text.encode())


@given(TEXTS.filter(lambda values: None not in values))
def test_codes_sort_as_texts_do(values):
    codes = sortable(coded(table(values), ["name"])["name"]).to_pylist()
    pairs = list(zip(values, codes, strict=True))
    assert [text for text, _ in sorted(pairs, key=lambda pair: pair[1])] == sorted(values)
    assert len(set(codes)) == len(set(values))


@given(TEXTS.filter(lambda values: None not in values), TEXTS.filter(lambda values: None not in values))
def test_coded_tables_are_added_up_and_cut_as_plain_ones(one, other):
    plain = merge_rows(pa.concat_tables([table(one), table(other)]), ["name"], {"n": "sum"})
    parts = [coded(table(values), ["name"]) for values in (one, other)]
    found = merge_rows(one_coding(pa.concat_tables(parts)), ["name"], {"n": "sum"})
    assert found.cast(plain.schema).equals(plain)
    assert slices(found, ["name"]) == slices(plain, ["name"])
