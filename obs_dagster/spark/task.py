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
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from obs_dagster.cores import VARIABLE
from obs_dagster.lake import leftovers
from obs_dagster.telemetry.logs import configure_unless_done
from obs_dagster.telemetry.traces import Carried, Returned, carried

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

T = TypeVar("T")
X = TypeVar("X")
R = TypeVar("R")

_SCHEMA = pa.schema([("part", pa.int64()), ("content", pa.binary())])
_COLUMNS = "part long, content binary"

_is_executor = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What work finds at an executor as it is in the process that asks for it.

    Attributes:
        mark: what files bear that are written aside in the lake.
        cores: how many a task may use; 0 for all of the executor's machine.
        environment: variables.
    """

    mark: str
    cores: int = 0
    environment: dict[str, str] = field(default_factory=dict, repr=False)

    def settle(self) -> None:
        """Make them this process's, which may have worked for another one."""
        global _is_executor  # noqa: PLW0603  it is the process's
        _is_executor = True
        configure_unless_done()
        leftovers.adopt(self.mark)
        os.environ.update(self.environment)
        if self.cores:
            os.environ[VARIABLE] = str(self.cores)
        else:
            os.environ.pop(VARIABLE, None)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a call gave, or raised."""

    returned: Returned[Any] | None = None
    raised: Exception | None = None

    def get(self) -> Any:
        if self.raised is not None:
            raise self.raised
        return self.returned


@dataclass(frozen=True, slots=True)
class _Whole:
    """What is to be done with what parts gave, once it is there."""

    function: Callable[[list[Any]], Any]
    found: list[Any] | None = None

    def __call__(self) -> Any:
        return self.function(self.found or [])


def in_task() -> bool:
    """Whether this process is an executor's, which works on tasks of ours."""
    return _is_executor


def run(session: SparkSession, work: Callable[[], R], surroundings: Surroundings) -> R:
    """Do work as one task.

    Raises what the work raises. Spark tries again what happens to an executor, not what work raises.

    Raises:
        PySparkException: the task's executors died, as often as Spark tries.
    """
    carrying = carried(work)
    done = _asked(session, [carrying]).mapInArrow(partial(_each, surroundings), _COLUMNS)
    return carrying.received(lambda: _only(done).get())


def run_parts(
    session: SparkSession,
    each: Callable[[T], X],
    parts: Sequence[T],
    whole: Callable[[list[X]], R],
    surroundings: Surroundings,
) -> R:
    """Do work on parts in tasks, and in one more what is to be done with all that they gave, in their order.

    Raises:
        PySparkException: as `run`.
    """
    work = _Whole(whole)
    carrying = carried(work)
    asked = _asked(session, [carried(partial(each, part)) for part in parts])
    found = asked.mapInArrow(partial(_each, surroundings), _COLUMNS)
    done = found.repartition(1).mapInArrow(partial(_together, carrying, work, surroundings), _COLUMNS)
    result: R = carrying.received(lambda: _only(done).get())
    return result


def _asked(session: SparkSession, calls: Sequence[Callable[[], Any]]) -> DataFrame:
    """A row for each call; Spark makes as many tasks of them as it has cores for."""
    from pyspark import cloudpickle

    dumps: Callable[[Any], bytes] = cloudpickle.dumps
    contents = [dumps(call) for call in calls]
    table = pa.table([range(len(contents)), pa.array(contents, pa.binary())], schema=_SCHEMA)
    return session.createDataFrame(table)


def _only(done: DataFrame) -> _Outcome:
    (content,) = done.toArrow()["content"].to_pylist()
    found: _Outcome = pickle.loads(content)  # noqa: S301  what this program wrote
    return found


def _each(surroundings: Surroundings, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What an executor calls with rows of `_asked`."""
    surroundings.settle()
    for part, content in _rows(batches):
        yield _row(part, _tried(pickle.loads(content)))  # noqa: S301  as above


def _together(
    carrying: Carried[Any], work: _Whole, surroundings: Surroundings, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """What an executor calls with the rows that all calls of `_each` gave."""
    surroundings.settle()
    contents = [content for _, content in sorted(_rows(batches))]
    yield _row(0, _tried(partial(_whole, carrying, work, contents)))


def _whole(carrying: Carried[Any], work: _Whole, contents: Sequence[bytes]) -> Returned[Any]:
    found = [pickle.loads(content).get() for content in contents]  # noqa: S301  as above
    function = replace(work, found=[each.result for each in found])
    returned = replace(carrying, function=function)()
    return Returned(returned.result, (*(span for each in found for span in each.spans), *returned.spans))


def _rows(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, bytes]]:
    for batch in batches:
        for place in range(batch.num_rows):
            yield batch.column(0)[place].as_py(), batch.column(1)[place].as_py()


def _tried(call: Callable[[], Returned[Any]]) -> _Outcome:
    try:
        return _Outcome(returned=call())
    except Exception as error:  # noqa: BLE001  it is raised again where the work is from
        return _Outcome(raised=error)


def _row(part: int, outcome: _Outcome) -> pa.RecordBatch:
    columns = [pa.array([part], pa.int64()), pa.array([pickle.dumps(outcome)], pa.binary())]
    return pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)
