"""Columns of few different texts as codes: a wide log's counts are millions of rows with four names each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.profile import arrays

#: What a column of codes is for Arrow.
CODED = pa.dictionary(pa.int32(), pa.string())


def coded(table: pa.Table, texts: Sequence[str]) -> pa.Table:
    """The table with these columns as codes of their texts.

    The texts are those that occur, in order, so that equal content is equal bytes.

    Args:
        table: has the columns as texts or as codes.
        texts: names of columns.
    """
    for name in texts:
        column = table[name]
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        found = whole(column)
        ordered = _in_order(found)
        if ordered is not found or table[name].num_chunks != 1 or table[name].type != CODED:
            table = table.set_column(table.schema.get_field_index(name), name, ordered.cast(CODED))
    return table


def one_coding(table: pa.Table) -> pa.Table:
    """The table with a single coding of each coded column, whatever its parts have."""
    return table.unify_dictionaries()


def sortable(column: pa.ChunkedArray) -> pa.Array:
    """The column, or where it is coded numbers that are in the order of its texts and tell them apart."""
    if not pa.types.is_dictionary(column.type):
        return column.combine_chunks()
    found = whole(column)
    ranks = np.empty(len(found.dictionary), dtype=np.int32)
    order = arrays.values(pc.array_sort_indices(found.dictionary).cast(pa.int32()))
    ranks[order] = np.arange(len(order))
    return pa.array(ranks).take(found.indices)


def whole(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """A coded column in one piece, with one coding."""
    if column.num_chunks > 1:
        column = column.unify_dictionaries()
    found = column.combine_chunks()
    return found if isinstance(found, pa.DictionaryArray) else found.chunk(0)


def _in_order(column: pa.DictionaryArray) -> pa.DictionaryArray:
    """The column with only those texts that occur, in order."""
    texts, codes = column.dictionary, column.indices
    used = np.zeros(len(texts), dtype=bool)
    used[arrays.values(codes.drop_null())] = True
    order = arrays.values(pc.array_sort_indices(texts).cast(pa.int32()))
    kept = order[used[order]]
    if len(kept) == len(texts) and (kept[1:] > kept[:-1]).all():
        return column
    places = np.zeros(len(texts), dtype=np.int32)
    places[kept] = np.arange(len(kept))
    return pa.DictionaryArray.from_arrays(pa.array(places).take(codes), texts.take(pa.array(kept)))
