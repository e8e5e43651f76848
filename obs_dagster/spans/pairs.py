"""The components that each request has spans of, as pairs of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.spans.loops import Flags
from obs_dagster.spans.requests import Requests


@dataclass(frozen=True, slots=True)
class Pairs:
    """The components that each request has spans of.

    Attributes:
        names: the components.
        spans: the spans that are meant, shape (spans of requests,).
        place: the pair of each of these, shape (those,).
        component: of each pair, shape (pairs,).
        request: of each pair, shape (pairs,).
    """

    names: Sequence[str]
    spans: Flags
    place: IntArray
    component: IntArray
    request: IntArray

    @classmethod
    def of(cls, found: Requests, here: Flags, names: Sequence[str]) -> Pairs:
        """Those of the requests that are meant, shape (requests,), and of these components."""
        spans = here[found.request]
        both, place = np.unique(
            found.request[spans] * len(names) + found.component[spans], return_inverse=True
        )
        return cls(names, spans, place, both % len(names), both // len(names))

    def sum(self, values: np.ndarray[Any, Any]) -> FloatArray:
        """The sum of each pair's values, which are per span of any request."""
        found: FloatArray = np.bincount(
            self.place, weights=values[self.spans], minlength=len(self.component)
        ).astype(np.float64)
        return found
