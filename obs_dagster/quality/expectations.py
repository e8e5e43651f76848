"""The contract and a team's own suite as Great Expectations has them, and what came of them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from obs_dagster.content.protocol import FAULT, told_of_fault
from obs_dagster.errors import ObsError
from obs_dagster.quality.contract import Expectation

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite
    from great_expectations.expectations.expectation import Expectation as GxExpectation


#: Failing values that are enough to see what is wrong.
_EXAMPLES = 5

OF_SUITE = "breaks: "
"""What rules of a team's suite begin with."""


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an expectation in all rows, or in some of them.

    Attributes:
        expectation: the expectation.
        success: whether it is satisfied.
        details: Great Expectations' `result`.
        error: why it could not be evaluated; empty if it could.
    """

    expectation: GxExpectation
    success: bool
    details: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""

    @property
    def failed(self) -> int:
        """How many rows failed."""
        return int(self.details.get("unexpected_count") or 0)


class Judge(Protocol):
    """Rows, and the execution engine of Great Expectations that reads them."""

    def __call__(self, expectations: Sequence[GxExpectation]) -> Iterable[Outcome]:
        """What became of each expectation, once or for several parts of the rows.

        Outcomes list the rows that broke an expectation by number.
        """


class Suite:
    """The expectations of days: the contract and, if there is one, the team's own suite.

    What is expected of one day as of the day before is made once, and keeps its `id`.

    Args:
        file: a suite in Great Expectations' JSON.

    Raises:
        SuiteError: the file is missing or no suite.
    """

    def __init__(self, file: Path | None) -> None:
        _import_great_expectations()
        self._made: dict[str, GxExpectation] = {}
        self._team = [] if file is None else _team_expectations(file)

    def validate(self, judge: Judge, expected: Sequence[Expectation]) -> Validation:
        """Validate rows.

        Args:
            judge: has the rows.
            expected: the contract.
        """
        self._made = {repr(each): self._made.get(repr(each)) or _expectation(each) for each in expected}
        own = list(self._made.values())
        results = {
            str(each.id): ExpectationResult(
                name=each.expectation_type,
                column=str(getattr(each, "column", "")),
                rule=str((each.meta or {}).get("rule", "")) or _readable(each),
                origin="contract" if position < len(own) else "suite",
            )
            for position, each in enumerate([*own, *self._team])
        }
        broken: dict[str, list[Rows]] = {result.rule: [] for result in results.values()}
        for outcome in judge([*own, *self._team]):
            result = results[str(outcome.expectation.id)]
            broken[result.rule].append(_add(result, outcome))
        return Validation(results=list(results.values()), broken=_merged(broken))


def added_up(parts: Sequence[Validation]) -> Validation:
    """What parts of the rows, in their order, say of the whole; at least one, of the same expectations."""
    results = [_of_parts(each) for each in zip(*(part.results for part in parts), strict=True)]
    rules = dict.fromkeys(result.rule for result in results)
    broken = {rule: [part.broken[rule] for part in parts if rule in part.broken] for rule in rules}
    return Validation(results, _merged(broken))


def _of_parts(found: Sequence[ExpectationResult]) -> ExpectationResult:
    examples = dict.fromkeys(example for each in found for example in each.examples)
    return replace(
        found[0],
        success=all(each.success for each in found),
        checked=sum(each.checked for each in found),
        failed=sum(each.failed for each in found),
        examples=list(examples)[:_EXAMPLES],
        error=next((each.error for each in reversed(found) if each.error), ""),
    )


def about_rows(expectation: GxExpectation) -> bool:
    """Whether it is a statement about every row, so that rows can break it."""
    from great_expectations.expectations import expectation as kinds

    return isinstance(
        expectation,
        kinds.ColumnMapExpectation | kinds.ColumnPairMapExpectation | kinds.MulticolumnMapExpectation,
    )


def _import_great_expectations() -> None:
    if find_spec("great_expectations") is None:
        raise SuiteError(
            "Great Expectations, which judges rows, is not installed.",
            remedy="Install it; `engine: warehouse` counts without it (docs/federated.md).",
        )
    with warnings.catch_warnings():
        # it imports pyspark where there is one, which says so whether it is used or not
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
        import great_expectations  # noqa: F401  for its effect


def distinct(parts: Iterable[Rows]) -> Rows:
    """All row numbers, each once, ascending.

    >>> distinct([np.array([2, 5]), np.array([1, 2])])
    array([1, 2, 5])
    """
    rows = np.concatenate([*parts, np.empty(0, np.int64)])
    # parts are ascending, which sorting makes use of; `np.unique` would hash them
    rows.sort(kind="stable")
    first: npt.NDArray[np.bool_] = np.diff(rows, prepend=-1) != 0
    return np.compress(first, rows)


def _merged(broken: Mapping[str, list[Rows]]) -> dict[str, Rows]:
    found = {rule: distinct(parts) for rule, parts in broken.items()}
    return {rule: rows for rule, rows in found.items() if len(rows)}


def _expectation(expected: Expectation) -> GxExpectation:
    import great_expectations as gx

    kind = getattr(gx.expectations, expected.kind)
    made: GxExpectation = kind(**expected.arguments, meta={"rule": expected.rule}, id=repr(expected))
    return made


def _team_expectations(file: Path) -> list[GxExpectation]:
    import great_expectations as gx

    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        suite: ExpectationSuite = gx.ExpectationSuite(
            name=document.get("name", "suite"), expectations=document["expectations"]
        )
        found = []
        for position, each in enumerate(suite.expectations):
            configuration = each.configuration
            # `{"$PARAMETER": "now()"}` becomes a value
            configuration.process_suite_parameters(None)
            configuration.id = f"suite {position}"
            found.append(configuration.to_domain_obj())
    except Exception as error:  # Great Expectations raises many kinds for a suite it does not understand
        raise SuiteError(
            f"{file} is not a Great Expectations suite: {error}",
            remedy="Export the suite with `suite.to_json_dict()` of Great Expectations 1.x.",
        ) from error
    return found


def _readable(expectation: GxExpectation) -> str:
    words = expectation.expectation_type.removeprefix("expect_").replace("_", " ")
    return f"{OF_SUITE}{getattr(expectation, 'column', 'table')} {words}"


def _add(result: ExpectationResult, outcome: Outcome) -> Rows:
    """Add the outcome of an expectation; returns the numbers of the rows that broke it."""
    result.success &= outcome.success
    result.error = outcome.error or result.error
    result.checked += int(outcome.details.get("element_count") or 0)
    result.failed += outcome.failed
    for value in outcome.details.get("partial_unexpected_list") or ():
        # of a text, vector or image it is what is wrong, which the rule says already but for the rest
        shown = told_of_fault(str(value)) if result.column.startswith(FAULT) else str(value)
        if shown and len(result.examples) < _EXAMPLES and shown not in result.examples:
            result.examples.append(shown[:80])
    return np.array(outcome.details.get("unexpected_index_list") or [], np.int64)
