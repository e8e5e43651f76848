"""What a warehouse is asked, told to who wants to know: for which step, in what SQL, and what came back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Asked:
    """A query.

    Attributes:
        step: what it is for.
        sql: the query, in the warehouse's dialect.
        columns: of what comes back.
        rows: how many rows came back; None if it was not run.
        seconds: how long that took.
    """

    step: str
    sql: str
    columns: tuple[str, ...]
    rows: int | None = None
    seconds: float = 0.0


@dataclass
class Plan:
    """The queries of some steps.

    Attributes:
        run: whether they are run; if not, every answer is empty.
        asked: the queries, in their order.
        step: what is being done.
    """

    run: bool
    asked: list[Asked] = field(default_factory=list)
    step: str = ""


_PLAN: ContextVar[Plan | None] = ContextVar("plan of a warehouse", default=None)


@contextmanager
def planned(*, run: bool) -> Iterator[Plan]:
    """Note what warehouses are asked while the block lasts.

    Args:
        run: whether they are asked; if not, every answer is empty.
    """
    plan = Plan(run)
    token = _PLAN.set(plan)
    try:
        yield plan
    finally:
        _PLAN.reset(token)


def answered(sql: Callable[[], str], schema: ibis.Schema, ask: Callable[[], pa.Table]) -> pa.Table:
    """The answer to a query, which is noted if somebody wants to know.

    Args:
        sql: gives the query.
        schema: of the answer.
        ask: runs it.
    """
    plan = _PLAN.get()
    if plan is None:
        return ask()
    text, names = sql(), tuple(schema.names)
    if not plan.run:
        plan.asked.append(Asked(plan.step, text, names))
        empty: pa.Table = schema.to_pyarrow().empty_table()
        return empty
    begin = time.perf_counter()
    found: Any = ask()
    plan.asked.append(Asked(plan.step, text, names, found.num_rows, time.perf_counter() - begin))
    return found
