"""Great Expectations: the one module that knows it. Validates columns in chunks of bounded size."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from obs_dagster.errors import ObsError
from obs_dagster.quality.contract import Expectation

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core import ExpectationSuite, ExpectationValidationResult
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
    from great_expectations.execution_engine.execution_engine import ExecutionEngine
    from great_expectations.expectations.expectation import Expectation as GxExpectation


class SuiteError(ObsError):
    """The suite that the monitor names cannot be read or run."""


@dataclass(slots=True)
class ExpectationResult:
    """What became of one expectation over all chunks.

    Attributes:
        name: Great Expectations' name of it (`expect_column_values_to_not_be_null`).
        column: the column it is about; empty for the table.
        rule: what a person reads.
        origin: `contract`, or `suite` for the team's own.
        success: whether every chunk satisfied it.
        checked, failed: rows that were checked and rows that failed.
        examples: some of the failing values.
        error: why it could not be evaluated; empty if it could.
    """

    name: str
    column: str
    rule: str
    origin: str
    success: bool = True
    checked: int = 0
    failed: int = 0
    examples: list[str] = field(default_factory=list)
    error: str = ""


Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Validation:
    """Results per expectation, and per rule the numbers of the rows that broke it, ascending.

    Rules are in the order of their expectations; a rule that no row broke is left out.
    """

    results: list[ExpectationResult]
    broken: dict[str, Rows]


class Frames(Protocol):
    """The rows to validate, as often as they are asked for."""

    def __call__(self, columns: Sequence[str] | None) -> Iterator[pd.DataFrame]:
        """Chunks of bounded size, at least one, indexed by row number.

        Args:
            columns: the columns to give, as far as there are such; None for all.
        """


class Judge(Protocol):
    """Rows, and the execution engine of Great Expectations that reads them."""

    def __call__(
        self, context: EphemeralDataContext, expectations: Sequence[GxExpectation]
    ) -> Iterable[ExpectationValidationResult]:
        """What became of each expectation, once or for several parts of the rows.

        Results are complete, and list the rows that broke an expectation by number.
        """


def validate(judge: Judge, expected: Sequence[Expectation], suite_file: Path | None) -> Validation:
    """Validate rows against the contract and, if there is one, the team's own suite.

    Args:
        judge: has the rows.
        expected: the contract.
        suite_file: a suite in Great Expectations' JSON.

    Raises:
        SuiteError: the suite's file is missing or no suite.
    """
    with warnings.catch_warnings():
        # it imports pyspark where there is one, which says so whether it is used or not
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    # built whole: adding expectations one by one to a stored suite takes seconds
    own = [_expectation(each) for each in expected]
    team = [] if suite_file is None else _team_expectations(suite_file)
    suite = context.suites.add(gx.ExpectationSuite("contract", expectations=own + team))
    results = {
        each.id: ExpectationResult(
            name=each.expectation_type,
            column=str(getattr(each, "column", "")),
            rule=str((each.meta or {}).get("rule", "")) or _readable(each),
            origin="contract" if position < len(own) else "suite",
        )
        for position, each in enumerate(suite.expectations)
    }
    broken: dict[str, list[Rows]] = {result.rule: [] for result in results.values()}
    for found in judge(context, suite.expectations):
        result = results[getattr(found.expectation_config, "id", None)]
        broken[result.rule].append(_add(result, found))
    return Validation(results=list(results.values()), broken=_merged(broken))


def in_chunks(frames: Frames) -> Judge:
    """Judge frames of bounded size, with pandas.

    Expectations about the same columns are validated together, on frames of those columns alone: Great
    Expectations copies the whole frame for every expectation that leaves nulls out.

    Row expectations add up over chunks. Expectations about the whole table (a mean, a row count) are judged
    in every chunk and fail if one of them does.
    """

    def judge(
        context: EphemeralDataContext, expectations: Sequence[GxExpectation]
    ) -> Iterator[ExpectationValidationResult]:
        from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine

        result_format = {"result_format": "COMPLETE", "return_unexpected_index_query": False}
        for columns, group in _by_columns(expectations).items():
            for frame in frames(columns):
                engine = PandasExecutionEngine()
                # given to the engine itself: a data source would hash the frame, twice, for longer than it
                # is validated
                engine.load_batch_data("chunk", frame)
                yield from outcomes(context, engine, group, result_format)

    return judge


def _by_columns(
    expectations: Sequence[GxExpectation],
) -> dict[tuple[str, ...] | None, list[GxExpectation]]:
    """Expectations by the columns that they read; None stands for all columns."""
    groups: dict[tuple[str, ...] | None, list[GxExpectation]] = {}
    for each in expectations:
        groups.setdefault(_columns_read(each), []).append(each)
    return groups


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


def outcomes(
    context: EphemeralDataContext,
    engine: ExecutionEngine[Any],
    expectations: Sequence[GxExpectation],
    result_format: Mapping[str, Any],
) -> list[ExpectationValidationResult]:
    """What became of expectations of the rows that were loaded into an engine."""
    from great_expectations.validator.validator import Validator

    validator = Validator(execution_engine=engine, data_context=context)
    configurations = validator.process_expectations_for_validation(
        [each.configuration for each in expectations]
    )
    return validator.graph_validate(configurations, runtime_configuration={"result_format": result_format})


def _merged(broken: Mapping[str, list[Rows]]) -> dict[str, Rows]:
    found = {rule: np.unique(np.concatenate(parts)) for rule, parts in broken.items() if parts}
    return {rule: rows for rule, rows in found.items() if len(rows)}


def _expectation(expected: Expectation) -> GxExpectation:
    import great_expectations as gx

    kind = getattr(gx.expectations, expected.kind)
    made: GxExpectation = kind(**expected.arguments, meta={"rule": expected.rule})
    return made


def _team_expectations(file: Path) -> list[GxExpectation]:
    import great_expectations as gx

    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        suite: ExpectationSuite = gx.ExpectationSuite(
            name=document.get("name", "suite"), expectations=document["expectations"]
        )
    except Exception as error:  # Great Expectations raises many kinds for a suite it does not understand
        raise SuiteError(
            f"{file} is not a Great Expectations suite: {error}",
            remedy="Export the suite with `suite.to_json_dict()` of Great Expectations 1.x.",
        ) from error
    return list(suite.expectations)


def _readable(expectation: GxExpectation) -> str:
    words = expectation.expectation_type.removeprefix("expect_").replace("_", " ")
    return f"breaks: {getattr(expectation, 'column', 'table')} {words}"


def _add(result: ExpectationResult, found: Any) -> Rows:
    """Add one chunk's outcome of an expectation; returns the numbers of the rows that broke it."""
    result.success &= bool(found.success)
    raised = (found.exception_info or {}).values() if isinstance(found.exception_info, dict) else ()
    for info in raised:
        if isinstance(info, dict) and info.get("raised_exception"):
            result.error = str(info.get("exception_message", "could not be evaluated"))
    if isinstance(found.exception_info, dict) and found.exception_info.get("raised_exception") is True:
        result.error = str(found.exception_info.get("exception_message"))
    details: dict[str, Any] = found.result or {}
    result.checked += int(details.get("element_count") or 0)
    result.failed += int(details.get("unexpected_count") or 0)
    for value in details.get("partial_unexpected_list") or ():
        if len(result.examples) < 5 and str(value) not in result.examples:  # noqa: PLR2004  enough to see what is wrong
            result.examples.append(str(value)[:80])
    return np.array(details.get("unexpected_index_list") or [], np.int64)
