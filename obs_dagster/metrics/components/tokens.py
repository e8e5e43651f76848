"""Tokens and cost of a component, in a request that has any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from obs_dagster.metrics.components.definition import COMPONENT
from obs_dagster.metrics.components.usage import ComponentUsage, of_called
from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate

_INNERMOST = "of spans that call each other with the same tokens the innermost counts"


def _has_tokens(given: object) -> bool:
    return of_called(given) and isinstance(given, ComponentUsage) and given.mine.of("tokens").n > 0


def _has_cost(given: object) -> bool:
    return of_called(given) and isinstance(given, ComponentUsage) and given.mine.of("cost").n > 0


def _tokens(given: ComponentUsage) -> Estimate:
    return given.mine.of("tokens").mean()


def _part(what: str) -> Callable[[ComponentUsage], Estimate]:
    def compute(given: ComponentUsage) -> Estimate:
        requests = given.mine.of("tokens").n
        return Estimate(given.mine.of(what).total / requests, None, None, requests)

    return compute


def _cached(given: ComponentUsage) -> Estimate:
    tokens = given.mine.of("input").total
    if tokens <= 0:
        return Estimate.missing("no input tokens", given.mine.of("tokens").n)
    share = min(given.mine.of("cached").total / tokens, 1.0)
    return Estimate(share, None, None, given.mine.of("tokens").n)


def _cost(given: ComponentUsage) -> Estimate:
    return given.mine.of("cost").mean()


def _defined(name: str, title: str, meaning: str, formula: str, noun: str) -> Definition:
    return replace(
        COMPONENT,
        name=name,
        id=f"{name}/1",
        title=title,
        meaning=meaning,
        formula=formula,
        reference="`numpy.mean`.",
        interval="none: the interval is that of all tokens",
        unit="tokens",
        counts="requests with tokens of it",
        tally=False,
        noun=noun,
        written="number",
    )


METRICS = (
    Metric(
        replace(
            _defined(
                "component_tokens",
                "Tokens of a component in a request",
                "How many tokens the component took in a request in which it took any, given and put out.",
                f"sum of tokens / requests with tokens of it; {_INNERMOST}.",
                "tokens in a request",
            ),
            interval="normal: the standard error of the mean",
            better="lower",
            shown=frozenset({"components"}),
            rank=60,
            heading="tokens",
            watched=(
                DefaultRule(
                    name="component_tokens_up",
                    above="200 % of usual",
                    min_rows=100,
                    summary="A component takes twice as many tokens of a request as it usually does. Look at "
                    "its prompt, at what is retrieved into it, and for loops of an agent.",
                    why="What a request takes depends on the system; twice its own usual number is much "
                    "for any.",
                ),
            ),
        ),
        _tokens,
        _has_tokens,
    ),
    Metric(
        _defined(
            "component_input_tokens",
            "Input tokens of a component in a request",
            "How many tokens the component was given in a request in which it took any.",
            f"sum of input tokens / requests with tokens of it; {_INNERMOST}.",
            "input tokens in a request",
        ),
        _part("input"),
        _has_tokens,
    ),
    Metric(
        _defined(
            "component_output_tokens",
            "Output tokens of a component in a request",
            "How many tokens the component put out in a request in which it took any.",
            f"sum of output tokens / requests with tokens of it; {_INNERMOST}.",
            "output tokens in a request",
        ),
        _part("output"),
        _has_tokens,
    ),
    Metric(
        replace(
            _defined(
                "component_cached_share",
                "Cached share of input tokens",
                "How many of the tokens that the component was given its provider had cached.",
                "sum of cached tokens / sum of input tokens.",
                "cached share of input tokens",
            ),
            reference="a plain share of tokens.",
            interval="none: tokens of a request go together",
            unit="share",
            written="percent",
        ),
        _cached,
        _has_tokens,
    ),
    Metric(
        replace(
            _defined(
                "component_cost",
                "Cost of a component in a request",
                "What the component cost in a request in which its cost is known.",
                "sum of what its spans say that they cost, or of their tokens by the monitor's prices / "
                "requests with a known cost of it.",
                "cost in a request",
            ),
            interval="normal: the standard error of the mean",
            unit="",
            better="lower",
            counts="requests with a known cost of it",
            shown=frozenset({"components"}),
            rank=70,
            heading="cost",
        ),
        _cost,
        _has_cost,
    ),
)
