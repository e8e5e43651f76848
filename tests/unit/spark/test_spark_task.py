"""Work that Spark's executors do: what it gives and raises comes back, and surroundings go with it."""

import operator
import os
from functools import partial

import pytest

from obs_dagster.cores import VARIABLE
from obs_dagster.engine.spark import SparkEngine
from obs_dagster.errors import SourceError
from obs_dagster.lake.leftovers import mark
from obs_dagster.monitor.engine import default_engine
from obs_dagster.spark.task import in_task


@pytest.fixture
def engine(spark):
    return SparkEngine(**spark)


def test_work_is_done_by_another_process_that_goes_by_the_name_of_this_one(engine):
    def look():
        return os.getpid(), in_task(), mark(), os.environ[VARIABLE], engine.reads_here

    process, executor, name, cores, reads = engine.elsewhere(look)
    assert process != os.getpid()
    assert (executor, name, cores, reads) == (True, mark(), "2", True)
    assert not in_task()
    assert not engine.reads_here


def test_what_was_found_of_parts_comes_in_their_order(engine):
    def cores(_):
        return os.environ[VARIABLE]

    for parts in ([5], [3, 1, 2, 7, 4, 9, 8]):
        assert engine.in_parts(partial(operator.mul, 10), parts, list) == [10 * part for part in parts]
        assert default_engine().in_parts(partial(operator.mul, 10), parts, list) == [
            10 * part for part in parts
        ]
    assert set(engine.in_parts(cores, [1, 2, 3], list)) == {"1"}


@pytest.mark.parametrize("parts", [[1], [1, 2, 0, 4]])
def test_what_work_raises_is_raised_here_with_its_remedy(engine, parts):
    def fail(part):
        if part < 2:
            raise SourceError(f"part {part} cannot be read.", remedy="Mend it.")

    with pytest.raises(SourceError, match=r"part 1 cannot be read\. Mend it\.") as raised:
        engine.in_parts(fail, parts, list)
    assert raised.value.remedy == "Mend it."


def test_the_key_of_pseudonyms_goes_only_with_work_that_needs_it(engine, monkeypatch):
    monkeypatch.setenv("OBS_PII_KEY", "0123456789abcdef0123456789abcdef")

    def key():
        return os.environ.get("OBS_PII_KEY")

    assert engine.elsewhere(key) != "0123456789abcdef0123456789abcdef"
    assert engine.elsewhere(key, personal=True) == "0123456789abcdef0123456789abcdef"
