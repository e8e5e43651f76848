"""The contract on Great Expectations' pandas engine: frames of bounded size, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from obs_dagster.quality.expectations import Outcome, about_rows

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
    from great_expectations.expectations.expectation import Expectation as GxExpectation
    from great_expectations.validator.metric_configuration import MetricConfiguration
    from great_expectations.validator.validation_graph import MetricEdge

_ROWS = {"result_format": "COMPLETE", "return_unexpected_index_query": False}


class Frames(Protocol):
    """The rows to validate, as often as they are asked for."""

    @property
    def whole(self) -> bool:
        """Whether all columns of all rows fit one frame."""

    def frames(self, columns: Sequence[str] | None) -> Iterator[pd.DataFrame]:
        """Chunks of bounded size, at least one, indexed by row number.

        Args:
            columns: the columns to give, as far as there are such; None for all.
        """


class FrameJudge:
    """Judges frames; what an expectation needs is found out once, whatever the number of frames and days.

    Rows that do not fit one frame are read by the columns of the expectations: Great Expectations copies the
    whole frame for every expectation that leaves nulls out.

    Row expectations add up over chunks. Expectations about the whole table (a mean, a row count) are judged
    in every chunk and fail if one of them does.
    """

    def __init__(self) -> None:
        self._prepared: dict[tuple[str | None, bool], _Prepared] = {}

    def outcomes(self, rows: Frames, expectations: Sequence[GxExpectation]) -> Iterator[Outcome]:
        """What became of each expectation in each frame."""
        from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine

        asked = {each.id for each in expectations}
        self._prepared = {key: value for key, value in self._prepared.items() if key[0] in asked}
        groups = {None: expectations} if rows.whole else _by_columns(expectations)
        engine = PandasExecutionEngine(caching=False)
        for columns, group in groups.items():
            for frame in rows.frames(columns):
                # given to the engine itself: a data source would hash the frame, twice, for longer than it
                # is validated
                engine.load_batch_data("chunk", frame)
                del frame
                yield from self._of_frame(engine, group)
                # the engine is part of a reference cycle: it would keep the frame until garbage is collected
                engine.batch_manager.batch_data_cache.clear()

    def _of_frame(
        self, engine: PandasExecutionEngine, expectations: Sequence[GxExpectation]
    ) -> Iterator[Outcome]:
        """Counts for all; values and row numbers for what failed, or is not about rows."""
        counted = [each for each in expectations if about_rows(each)]
        thorough = [each for each in expectations if not about_rows(each)]
        for outcome in self._asked(engine, counted, with_rows=False):
            if outcome.success and not outcome.failed:
                yield outcome
            else:
                thorough.append(outcome.expectation)
        yield from self._asked(engine, thorough, with_rows=True)

    def _asked(
        self, engine: PandasExecutionEngine, expectations: Sequence[GxExpectation], *, with_rows: bool
    ) -> Iterator[Outcome]:
        from great_expectations.validator.validation_graph import ValidationGraph

        prepared = []
        for each in expectations:
            try:
                prepared.append(self._prepare(engine, each, with_rows=with_rows))
            except Exception as error:  # noqa: BLE001  expectations of teams and plugins raise anything
                yield Outcome(each, success=False, error=str(error))
        edges = [edge for ready in prepared for edge in ready.edges]
        metrics, aborted = ValidationGraph(engine, edges).resolve({}, show_progress_bars=False)
        errors = {
            metric: str(failure["exception_info"]["exception_message"]) for metric, failure in aborted.items()
        }
        yield from (ready.outcome(engine, metrics, errors) for ready in prepared)

    def _prepare(
        self, engine: PandasExecutionEngine, expectation: GxExpectation, *, with_rows: bool
    ) -> _Prepared:
        key = (expectation.id, with_rows)
        if key not in self._prepared:
            self._prepared[key] = _Prepared.of(engine, expectation, with_rows=with_rows)
        return self._prepared[key]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """An expectation with the metrics that it needs.

    Great Expectations' own validator finds them out anew for every batch, twice, for longer than it takes to
    compute them.
    """

    expectation: GxExpectation
    metrics: Mapping[str, MetricConfiguration]
    edges: Sequence[MetricEdge]
    result_format: Mapping[str, Any]

    @classmethod
    def of(cls, engine: PandasExecutionEngine, expectation: GxExpectation, *, with_rows: bool) -> _Prepared:
        from great_expectations.validator.validation_graph import ValidationGraph

        asked = {"result_format": _ROWS if with_rows else {"result_format": "BOOLEAN_ONLY"}}
        needed = expectation.get_validation_dependencies(engine, asked)
        graph = ValidationGraph(engine)
        for metric in needed.get_metric_configurations():
            graph.build_metric_dependency_graph(metric, asked)
        # a boolean needs the counts, but would not show them
        shown = needed.result_format if with_rows else {**needed.result_format, "result_format": "BASIC"}
        return cls(expectation, needed.metric_configurations, graph.edges, shown)

    def outcome(
        self, engine: PandasExecutionEngine, found: Mapping[Any, Any], errors: Mapping[Any, str]
    ) -> Outcome:
        """What the metrics of a frame mean.

        Args:
            engine: has the frame.
            found: the metrics by id.
            errors: why metrics could not be computed, by id.
        """
        for edge in self.edges:
            if edge.left.id in errors:
                return Outcome(self.expectation, success=False, error=errors[edge.left.id])
        try:
            # what every expectation implements; its public caller would find out the metrics again
            result = self.expectation._validate(  # noqa: SLF001
                {name: found[metric.id] for name, metric in self.metrics.items()},
                runtime_configuration={"result_format": self.result_format},
                execution_engine=engine,
            )
        except Exception as error:  # noqa: BLE001  as above
            return Outcome(self.expectation, success=False, error=str(error))
        return Outcome(self.expectation, success=bool(result["success"]), details=result.get("result") or {})


def _by_columns(
    expectations: Sequence[GxExpectation],
) -> dict[tuple[str, ...] | None, Sequence[GxExpectation]]:
    """Expectations by the columns that they read; None stands for all columns."""
    groups: dict[tuple[str, ...] | None, list[GxExpectation]] = {}
    for each in expectations:
        groups.setdefault(_columns_read(each), []).append(each)
    return dict(groups)


def _columns_read(expectation: GxExpectation) -> tuple[str, ...] | None:
    from great_expectations.expectations import expectation as kinds
    from great_expectations.expectations.core.expect_column_to_exist import ExpectColumnToExist

    if getattr(expectation, "row_condition", None):
        return None
    match expectation:
        case kinds.ColumnMapExpectation() | kinds.ColumnAggregateExpectation():
            return (str(expectation.column),)
        case ExpectColumnToExist(column_index=None):
            return (str(expectation.column),)
        case kinds.ColumnPairMapExpectation():
            return (str(expectation.column_A), str(expectation.column_B))
        case kinds.MulticolumnMapExpectation():
            return tuple(map(str, expectation.column_list))
    return None
