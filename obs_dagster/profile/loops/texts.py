"""Codes of texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from obs_dagster.profile import arrays
from obs_dagster.profile.loops.kernels import Codes


class Vocabulary:
    """Codes of a column's texts: 0 is none, the others are numbered as they come, or were known before.

    Attributes:
        values: the text of each code.
    """

    def __init__(self, known: Sequence[str] = ()) -> None:
        self.values: list[str | None] = [None, *known]
        self._codes: dict[str | None, int] = {value: code for code, value in enumerate(self.values)}

    def __len__(self) -> int:
        """How many codes there are."""
        return len(self.values)

    def encode(self, texts: pa.Array) -> Codes:
        """The code of every text; texts not seen before get new codes."""
        encoded = texts.dictionary_encode()
        found = [self._code(value) for value in encoded.dictionary.to_pylist()]
        indices = arrays.values(encoded.indices)
        if texts.null_count:
            # what stands in the place of a null is anything; it leads to the entry after the last text
            indices = np.where(arrays.nulls(texts), len(found), indices)
        codes: Codes = np.array([*found, 0], dtype=np.int32)[indices]
        return codes

    def _code(self, value: str | None) -> int:
        if value not in self._codes:
            self._codes[value] = len(self.values)
            self.values.append(value)
        return self._codes[value]
