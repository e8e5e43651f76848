"""The system around a model: where the spans of its requests are, and what its components are called."""

from __future__ import annotations

from pydantic import Field

from obs_dagster.monitor.contract import Strict

SLOW, FAILED, USED, UNUSED = "slow", "failed", "used", "not used"
"""What a component did in a request: a call of it failed; else its own time is among the slowest tenth of the
day's; else it was used as usual, or not at all."""

DONE = (USED, SLOW, FAILED, UNUSED)

PART_CUT = "component "
"""What stands before the name of a component where requests are told apart by what it did, as by a segment:
`component reranker bge=failed`."""


class Price(Strict):
    """What a model of a provider costs, per million tokens."""

    input: float = Field(ge=0, description="A million tokens that it is given.")
    output: float = Field(default=0.0, ge=0, description="A million tokens that it puts out.")
    cached: float | None = Field(
        default=None,
        ge=0,
        description="A million tokens of the input that the provider had cached; left out: as `input`.",
    )


class Tracked(Strict):
    """Traces on an MLflow server."""

    experiments: tuple[str, ...] = Field(
        min_length=1, description="The names of the experiments that the system's traces are in."
    )
    tracking_uri: str | None = Field(
        default=None,
        description="The server, or its database: `https://mlflow.example.com`; left out: where nights "
        "publish (`MLFLOW_TRACKING_URI`). Credentials are those of MLflow, `MLFLOW_TRACKING_TOKEN` or "
        "`MLFLOW_TRACKING_USERNAME` and `…_PASSWORD`.",
    )


class Components(Strict):
    """Spans of requests, from which nights tell what each component of the system takes."""

    path: str = Field(
        default="",
        description="The files of spans, a path or glob, gzipped if their name ends with `.gz`; with `{day}` "
        "those of a day. Their form is recognised ([components.md](components.md#forms)).",
    )
    mlflow: Tracked | None = Field(
        default=None, description="In the place of files: traces on an MLflow server, fetched by the day."
    )
    names: dict[str, str | tuple[str, ...]] = Field(
        default_factory=dict,
        description="Components by the names of their spans: a pattern or several "
        "(`reranker: [rerank*, cross-encoder]`), the first that fits counts. Left out, a component is what "
        "has a kind, as `llm gpt-4o` or `tool search`; anything else counts to what it is a part of.",
    )
    requests: tuple[str, ...] = Field(
        default=("*",),
        min_length=1,
        description="Names or patterns of the spans that requests begin with; others are not requests of the "
        "system, as probes of its health.",
    )
    prices: dict[str, Price] = Field(
        default_factory=dict,
        description="Prices by the name of a model, or a pattern (`gpt-4o*`), the first that fits counts; "
        "of spans that do not say what they cost.",
    )
    longest_minutes: float = Field(
        default=60.0,
        gt=0,
        le=1440,
        description="No request takes longer: so far before and after a day its spans are looked for.",
    )
    match: str | None = Field(
        default=None,
        description="The column of the log that has the id of the request's trace, so that quality is told "
        "by what components did and components by version; left out: `logs.columns.trace_id`, else the id "
        "of the prediction.",
    )
    most: int = Field(
        default=40,
        ge=1,
        le=200,
        description="Components of a day at most; those with the fewest spans count together as `(other)`.",
    )

    @property
    def place(self) -> str:
        """Where spans are, in words."""
        tracked = self.mlflow
        return self.path if tracked is None else f"traces of MLflow: {', '.join(tracked.experiments)}"

    @property
    def patterns(self) -> tuple[tuple[str, str], ...]:
        """Patterns of the names of spans with the component that each means, in order."""
        return tuple(
            (pattern, name)
            for name, given in self.names.items()
            for pattern in ((given,) if isinstance(given, str) else given)
        )
