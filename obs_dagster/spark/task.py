"""Work as tasks of Spark: it goes to the executors pickled, and what it gives comes back so.

The executors' Python reads rows as a night on one machine does, with DuckDB. Spark decides where, does again
what an executor that died was at, and brings what was found of parts together, from executor to executor.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pyarrow as pa

from obs_dagster.cores import VARIABLE
from obs_dagster.lake import leftovers
from obs_dagster.sources.tables.pins import Pins
from obs_dagster.telemetry.logs import configure_unless_done
from obs_dagster.telemetry.traces import Carried, Returned, carried

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

T = TypeVar("T")
X = TypeVar("X")
R = TypeVar("R")

_SCHEMA = pa.schema([("part", pa.int64()), ("content", pa.binary())])
_COLUMNS = "part long, content binary"

_Step = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]

_is_executor = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What work finds at an executor as it is in the process that asks for it.

    Attributes:
        mark: what files bear that are written aside in the lake.
        cores: how many a task may use; 0 for all of the executor's machine.
        environment: variables.
        pins: the snapshots of tables that the night reads.
    """

    mark: str
    cores: int = 0
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    pins: Pins = field(default_factory=Pins)

    def settle(self) -> None:
        """Make them this process's, which may have worked for another one."""
        global _is_executor  # noqa: PLW0603  it is the process's
        _is_executor = True
        configure_unless_done()
        leftovers.adopt(self.mark)
        self.pins.adopt()
        os.environ.update(self.environment)
        if self.cores:
            os.environ[VARIABLE] = str(self.cores)
        else:
            os.environ.pop(VARIABLE, None)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a call gave, or raised, and the snapshots of tables that were pinned by then."""

    returned: Returned[Any] | None = None
    raised: Exception | None = None
    pins: Pins = field(default_factory=Pins)

    def get(self) -> Any:
        self.pins.adopt()
        if self.raised is not None:
            raise self.raised
        return self.returned


@dataclass(frozen=True, slots=True)
class _Call:
    """A function with what it is called with, once that is there."""

    function: Callable[[Any], Any]
    given: Any = None

    def __call__(self) -> Any:
        return self.function(self.given)


def in_task() -> bool:
    """Whether this process is an executor's, which works on tasks of ours."""
    return _is_executor


def run(session: SparkSession, work: Callable[[], R], surroundings: Surroundings) -> R:
    """Do work as one task.

    Raises what the work raises. Spark tries again what happens to an executor, not what work raises.

    Raises:
        PySparkException: executors died, as often as Spark tries.
    """
    return run_parts(session, partial(_alone, work), [None], _first, surroundings)


def _alone(work: Callable[[], R], _: None) -> R:
    return work()


def _first(found: list[R]) -> R:
    return found[0]


def run_parts(
    session: SparkSession,
    each: Callable[[T], X],
    parts: Sequence[T],
    whole: Callable[[list[X]], R],
    surroundings: Surroundings,
) -> R:
    """Do work on parts in tasks, and in one more what is to be done with all that they gave, in their order.

    With a single part both are one task.

    Raises:
        PySparkException: as `run`.
    """
    part, gathered = carried(_Call(each)), carried(_Call(whole))
    contents = [pickle.dumps(given) for given in parts]
    table = pa.table([range(len(contents)), pa.array(contents, pa.binary())], schema=_SCHEMA)
    # Spark makes as many tasks of the rows as it has cores for
    asked, of_each = session.createDataFrame(table), partial(_each, part, surroundings)
    of_all = partial(_together, gathered, surroundings)
    if len(parts) == 1:
        done = asked.mapInArrow(partial(_both, of_each, of_all), _COLUMNS)
    else:
        done = asked.mapInArrow(of_each, _COLUMNS).repartition(1).mapInArrow(of_all, _COLUMNS)
    result: R = gathered.received(lambda: _only(done).get())
    return result


def _only(done: DataFrame) -> _Outcome:
    (content,) = done.toArrow()["content"].to_pylist()
    found: _Outcome = pickle.loads(content)  # noqa: S301  what this program wrote
    return found


def _each(
    work: Carried[Any], surroundings: Surroundings, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """What an executor does with parts."""
    surroundings.settle()
    for part, content in _rows(batches):
        given = pickle.loads(content)  # noqa: S301  as above
        yield _row(part, _tried(_called(work, given)))


def _together(
    work: Carried[Any], surroundings: Surroundings, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """What an executor does with all that parts gave."""
    surroundings.settle()
    contents = [content for _, content in sorted(_rows(batches))]
    yield _row(0, _tried(partial(_whole, work, contents)))


def _both(one: _Step, other: _Step, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    return other(one(batches))


def _whole(work: Carried[Any], contents: Sequence[bytes]) -> Returned[Any]:
    found = [pickle.loads(content).get() for content in contents]  # noqa: S301  as above
    returned = _called(work, [each.result for each in found])()
    return Returned(returned.result, (*(span for each in found for span in each.spans), *returned.spans))


def _called(work: Carried[Any], given: Any) -> Carried[Any]:
    return replace(work, function=_Call(cast("_Call", work.function).function, given))


def _rows(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, bytes]]:
    for batch in batches:
        for place in range(batch.num_rows):
            yield batch.column(0)[place].as_py(), batch.column(1)[place].as_py()


def _tried(call: Callable[[], Returned[Any]]) -> _Outcome:
    try:
        return _Outcome(returned=call(), pins=Pins.now())
    except Exception as error:  # noqa: BLE001  it is raised again where the work is from
        return _Outcome(raised=error, pins=Pins.now())


def _row(part: int, outcome: _Outcome) -> pa.RecordBatch:
    columns = [pa.array([part], pa.int64()), pa.array([pickle.dumps(outcome)], pa.binary())]
    return pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)
