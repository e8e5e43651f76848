"""Which columns of a LightGBM booster are pandas categories, and which values these had."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from obs_dagster.explain.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pandas as pd

_CATEGORICAL = re.compile(r"^\[categorical_feature: ([\d,]+)\]$", re.MULTILINE)
#: How much more likely a column is one of pandas' categories for being declared categorical to LightGBM.
_DECLARED = 0.5


class BoosterCategories:
    """The vocabularies that a booster keeps, without the names of the columns that they belong to.

    They are in the order of the columns, but there may be other columns between: numbers, and integers that
    were declared categorical without being categories of pandas; and an ordered category of pandas is no
    categorical feature to LightGBM.

    Args:
        booster: the `lightgbm.Booster`.
    """

    def __init__(self, booster: Any) -> None:
        stored: Sequence[Sequence[Any]] = booster.pandas_categorical or []
        self._names = list(booster.feature_name())
        self._vocabularies = [Vocabulary(values) for values in stored]
        listed = _CATEGORICAL.search(booster.model_to_string(num_iteration=1))
        self._declared = {int(position) for position in listed.group(1).split(",")} if listed else set()
        infos = booster.dump_model(num_iteration=1)["feature_infos"]
        self._largest = [_largest_code(infos.get(name)) for name in self._names]

    def of(self, rows: pd.DataFrame) -> Mapping[str, Vocabulary]:
        """The vocabulary of each column of categories, by the column's name in the rows.

        Args:
            rows: rows with the columns of the booster, in its order. Their values decide where the booster
                itself leaves it open.
        """
        columns = self._columns(rows)
        names = [str(rows.columns[position]) for position in columns]
        return dict(zip(names, self._vocabularies, strict=True))

    def _columns(self, rows: pd.DataFrame) -> Sequence[int]:
        wanted = len(self._vocabularies)
        declared = sorted(self._declared)
        if len(declared) == wanted and all(map(self._fits, declared, self._vocabularies)):
            return declared
        return self._likeliest(rows)

    def _fits(self, column: int, vocabulary: Vocabulary) -> bool:
        """Whether the codes that the column had in training can be positions in the vocabulary."""
        return self._largest[column] < len(vocabulary.values)

    def _likeliest(self, rows: pd.DataFrame) -> Sequence[int]:
        """The columns, in order, whose values are the vocabularies' more than those of any other choice."""
        best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}
        for column in range(len(self._names)):
            for done in sorted(best, reverse=True):
                if done == len(self._vocabularies):
                    continue
                score, chosen = best[done]
                score += self._likelihood(column, self._vocabularies[done], rows)
                if done + 1 not in best or score > best[done + 1][0]:
                    best[done + 1] = (score, (*chosen, column))
        return best[len(self._vocabularies)][1]

    def _likelihood(self, column: int, vocabulary: Vocabulary, rows: pd.DataFrame) -> float:
        if not self._fits(column, vocabulary):
            return -float(len(self._names))
        return vocabulary.share_known(rows.iloc[:, column]) + _DECLARED * (column in self._declared)


def _largest_code(info: Mapping[str, Any] | None) -> float:
    """The largest value that a feature had in training; of a constant one, which is not kept, the least."""
    return float("-inf") if info is None else float(max([info["max_value"], *info["values"]]))
