"""Great Expectations: the one module that knows it. Validates a frame in chunks of bounded size."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obs_dagster.errors import ObsError
from obs_dagster.quality.contract import Expectation

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core import ExpectationSuite
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


@dataclass(frozen=True, slots=True)
class Validation:
    """Results per expectation, and the rules that each failing row broke, by row number."""

    results: list[ExpectationResult]
    broken: dict[int, list[str]]


def validate(
    chunks: Iterable[pd.DataFrame], expected: Sequence[Expectation], suite_file: Path | None
) -> Validation:
    """Validate chunks of rows against the contract and, if there is one, the team's own suite.

    Row expectations add up over chunks. Expectations about the whole table (a mean, a row count) are judged
    in every chunk and fail if one of them does.

    Args:
        chunks: frames whose index is the row number.
        expected: the contract.
        suite_file: a suite in Great Expectations' JSON.

    Raises:
        SuiteError: the suite's file is missing or no suite.
    """
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    # built whole: adding expectations one by one to a stored suite takes seconds
    own = [_expectation(each) for each in expected]
    team = [] if suite_file is None else _team_expectations(suite_file)
    suite = context.suites.add(gx.ExpectationSuite("contract", expectations=own + team))
    batches = (
        context.data_sources.add_pandas("log")
        .add_dataframe_asset("day")
        .add_batch_definition_whole_dataframe("all")
    )
    results = [
        ExpectationResult(
            name=each.expectation_type,
            column=str(getattr(each, "column", "")),
            rule=str((each.meta or {}).get("rule", "")) or _readable(each),
            origin="contract" if position < len(own) else "suite",
        )
        for position, each in enumerate(suite.expectations)
    ]
    broken: defaultdict[int, list[str]] = defaultdict(list)
    for chunk in chunks:
        outcome = batches.get_batch({"dataframe": chunk}).validate(
            suite, result_format={"result_format": "COMPLETE", "return_unexpected_index_query": False}
        )
        by_id = {getattr(found.expectation_config, "id", None): found for found in outcome.results}
        for result, each in zip(results, suite.expectations, strict=True):
            _add(result, by_id[each.id], broken)
    return Validation(results=results, broken=dict(broken))


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


def _add(result: ExpectationResult, found: Any, broken: defaultdict[int, list[str]]) -> None:
    """Add one chunk's outcome of an expectation."""
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
    for row in details.get("unexpected_index_list") or ():
        broken[int(row)].append(result.rule)
