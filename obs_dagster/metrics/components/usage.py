"""What components, and requests as a whole, took in a window: counts and sums of spans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from obs_dagster.metrics.intervals import normal_mean
from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.profile.distribution import NumericCounts

REQUEST = "request"
"""What is no component's: the time and the failures of a request that are in none of them."""

LATENCY, OWN = "latency", "own"
"""What is counted on a grid: how long spans took, and how much of a request was a component's own time."""

FAULT = "fault_"
"""Before the name of what is wrong with spans."""

SCORE = "score "
"""Before the name of what an evaluation of a span judged."""


@dataclass(frozen=True, slots=True)
class Sums:
    """How often something was, and the sum and the sum of squares of its values."""

    n: int = 0
    total: float = 0.0
    total_sq: float = 0.0

    def mean(self, n: int | None = None) -> Estimate:
        """The mean of values that are not negative, with its normal interval.

        Args:
            n: how many there are, those that are 0 and not counted too; left out: those that are counted.
        """
        rows = self.n if n is None else n
        if not rows:
            return Estimate.missing(NO_ROWS)
        value = self.total / rows
        ends = normal_mean(self.total, self.total_sq, rows, lowest=0.0)
        low, high = ends or (None, None)
        return Estimate(value, low, high, rows)

    def score(self) -> Estimate:
        """The mean of values of any sign, with its normal interval."""
        if not self.n:
            return Estimate.missing(NO_ROWS)
        ends = normal_mean(self.total, self.total_sq, self.n)
        low, high = ends or (None, None)
        return Estimate(self.total / self.n, low, high, self.n)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a component, or requests as a whole, took.

    Attributes:
        sums: by what is summed (`obs_dagster.spans.table` lists it).
        latency: how long spans took, in milliseconds; None if there were none.
        own: how much of each request that used it was its own, in milliseconds; None if none did.
    """

    sums: Mapping[str, Sums] = field(default_factory=dict)
    latency: NumericCounts | None = None
    own: NumericCounts | None = None

    def of(self, what: str) -> Sums:
        """One of the sums."""
        return self.sums.get(what, Sums())


@dataclass(frozen=True, slots=True)
class RequestUsage:
    """Requests as a whole, as their metrics are given them."""

    whole: Usage

    @property
    def requests(self) -> int:
        """How many there were."""
        return self.whole.of("took").n


@dataclass(frozen=True, slots=True)
class ComponentUsage:
    """A component among the requests of a window, as its metrics are given it.

    Attributes:
        name: of the component; `REQUEST` for what is none's.
        mine: what it took.
        whole: the requests as a whole.
    """

    name: str
    mine: Usage
    whole: Usage

    @property
    def requests(self) -> int:
        """How many requests there were, whether they used it or not."""
        return self.whole.of("took").n


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The evaluations of a component of one kind, as their metrics are given them.

    Attributes:
        scores: how many there are, and what they come to.
    """

    scores: Sums


def of_evaluated(given: object) -> bool:
    """Whether an input is evaluations."""
    return isinstance(given, Evaluated)


def of_requests(given: object) -> bool:
    """Whether an input is requests as a whole."""
    return isinstance(given, RequestUsage)


def of_component(given: object) -> bool:
    """Whether an input is a component, or what is none's."""
    return isinstance(given, ComponentUsage)


def of_called(given: object) -> bool:
    """Whether an input is a component that is called, not what is none's."""
    return isinstance(given, ComponentUsage) and given.name != REQUEST
