import contextlib
import importlib
import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

from obs_dagster import workers
from obs_dagster.errors import LakeError
from obs_dagster.workers import WorkerError, Workers, begin, in_order

CHORES = '''
import os
import signal
import time
from importlib import import_module
from pathlib import Path

from obs_dagster.errors import LakeError


def squares(numbers):
    for number in numbers:
        yield number * number, os.getpid()


def meet(folder, numbers):
    """Waits until another process has come too; tells how many there are."""
    Path(folder, f"process-{os.getpid()}").touch()
    deadline = time.monotonic() + 100
    while (found := len(list(Path(folder).glob("process-*")))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    return [(number, found, os.getpid()) for number in numbers]


def squares_unless_killed(folder, numbers):
    return [square_unless_killed(folder, number) for number in numbers]


def square_unless_killed(folder, number):
    """Killed, as by a system that is short of memory, as long as a file of the number's name allows it."""
    kills = Path(folder, str(number))
    if kills.exists() and (left := int(kills.read_text())):
        kills.write_text(str(left - 1))
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def fail():
    raise LakeError("It is damaged.", remedy="Run it again.")


def threads():
    for name in ("numpy", "scipy.linalg", "sklearn.utils._openmp_helpers"):
        import_module(name)
    from threadpoolctl import threadpool_info

    from obs_dagster.cores import cores
    from obs_dagster.sources.files import connect

    with connect() as connection:
        own = connection.execute("SELECT current_setting('threads')").fetchall()[0][0]
    found = {library["filepath"]: library["num_threads"] for library in threadpool_info()}
    return found | {"duckdb": own, "pyarrow": import_module("pyarrow").cpu_count(), "cores": cores()}
'''


@pytest.fixture
def chores(tmp_path, monkeypatch):
    """Work for processes that start with this test and end with it."""
    (tmp_path / "chores_of_a_test.py").write_text(CHORES)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    beside, aside = Workers(), Workers(1, niceness=5)
    monkeypatch.setattr(workers, "_BESIDE", beside)
    monkeypatch.setattr(workers, "_ASIDE", aside)
    yield importlib.import_module("chores_of_a_test")
    beside.close()
    aside.close()
    sys.modules.pop("chores_of_a_test")


def kills(folder, **numbers):
    for number, times in numbers.items():
        (folder / number.removeprefix("n")).write_text(str(times))


def test_results_come_in_order_from_as_many_processes_as_there_are_cores(chores, tmp_path):
    found = list(in_order(partial(chores.meet, tmp_path), range(60), fewest=1))
    assert [number for number, _, _ in found] == list(range(60))
    assert {together for _, together, _ in found} == {2}
    processes = {process for _, _, process in found}
    assert len(processes) == 2
    assert os.getpid() not in processes


@pytest.mark.parametrize(("cores", "fewest"), [(1, 1), (2, 61)])
def test_with_one_core_or_few_items_no_process_is_started(chores, monkeypatch, cores, fewest):
    monkeypatch.setattr(workers, "cores", lambda: cores)
    found = list(in_order(chores.squares, range(60), fewest=fewest))
    assert found == [(number * number, os.getpid()) for number in range(60)]


def test_no_more_is_begun_than_memory_is_for(chores, monkeypatch):
    begun = []
    begin_one = Workers.begin

    def counted(self, function):
        begun.append(function)
        return begin_one(self, function)

    monkeypatch.setattr(Workers, "begin", counted)
    results = in_order(chores.squares, range(400), fewest=1)
    for _ in range(4):
        next(results)
    assert len(begun) == 9
    results.close()


@pytest.mark.parametrize(
    "killed", [{"n0": 1}, {"n17": 1}, {"n3": 1, "n30": 1}], ids=["first", "middle", "two"]
)
def test_work_whose_process_was_killed_is_repeated_in_a_new_one(chores, tmp_path, killed):
    kills(tmp_path, **killed)
    work = partial(chores.squares_unless_killed, tmp_path)
    expected = [number * number for number in range(60)]
    assert list(in_order(work, range(60), fewest=1)) == expected
    # and what comes later does not find the broken processes
    assert list(in_order(work, range(60), fewest=1)) == expected


def test_work_that_kills_its_process_again_fails_with_a_remedy_and_leaves_the_rest_alone(chores, tmp_path):
    kills(tmp_path, n17=3)
    work = partial(chores.squares_unless_killed, tmp_path)
    with pytest.raises(WorkerError, match="died, 3 times") as caught:
        list(in_order(work, range(60), fewest=1))
    assert "OBS_CORES=1" in caught.value.remedy
    assert list(in_order(work, range(60), fewest=1)) == [number * number for number in range(60)]


def test_what_was_begun_is_repeated_too(chores, tmp_path):
    kills(tmp_path, n1=1, n2=4)
    results = [begin(chores.square_unless_killed, tmp_path, number) for number in range(4)]
    assert [results[number]() for number in (0, 1, 3)] == [0, 1, 9]
    with pytest.raises(WorkerError, match="memory is short"):
        results[2]()
    assert begin(chores.square_unless_killed, tmp_path, 2)() == 4


def test_a_process_that_was_killed_while_it_had_nothing_to_do_is_replaced(chores):
    os.kill(begin(os.getpid)(), 9)
    assert begin(divmod, 7, 2)() == (3, 1)


@pytest.mark.parametrize("cores", [1, 2])
def test_what_is_begun_gives_its_result_or_its_error(chores, monkeypatch, cores):
    monkeypatch.setattr(workers, "cores", lambda: cores)
    good, bad = begin(divmod, 7, 2), begin(divmod, 7, 0)
    assert good() == (3, 1)
    with pytest.raises(ZeroDivisionError):
        bad()


def test_an_error_of_the_project_comes_whole(chores):
    with pytest.raises(LakeError) as caught:
        begin(chores.fail)()
    assert (caught.value.message, caught.value.remedy) == ("It is damaged.", "Run it again.")
    assert str(caught.value) == "It is damaged. Run it again."


def test_a_process_keeps_to_one_core_and_lets_others_go_first(chores):
    threads = begin(chores.threads)()
    assert any("openblas" in library for library in threads)
    assert set(threads.values()) == {1}, threads
    assert begin(os.nice, 0)() > os.nice(0)


BEGINS = """
import os, signal, sys, time
# whatever the tests' own process is deaf to
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {{signal.SIGTERM}})
from obs_dagster import workers
from obs_dagster.workers import begin
workers.cores = lambda: 2

if __name__ == "__main__":
    pids = [begin(os.getpid)()]
    begin(time.sleep, 600)
    print(*pids, flush=True)
    {ending}
"""


@pytest.mark.parametrize(
    ("ending", "kill"),
    [
        ("time.sleep(600)", signal.SIGKILL),
        ("time.sleep(600)", signal.SIGTERM),
        ("os._exit(3)", None),
        ("raise ValueError", None),
        ("sys.exit(0)", None),
    ],
    ids=["killed", "terminated", "gone", "failed", "ended"],
)
def test_processes_end_with_the_one_that_they_work_for(tmp_path, ending, kill):
    program = tmp_path / "begins.py"
    program.write_text(BEGINS.format(ending=ending))
    parent = subprocess.Popen(
        [sys.executable, str(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    int(parent.stdout.readline())
    if kill is not None:
        parent.send_signal(kill)
    try:
        # what lives on holds the pipe
        parent.communicate(timeout=60)
        assert everybody_gone(parent.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)


def everybody_gone(group):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_processes_can_be_ended_whatever_they_are_working_on(chores):
    aside = Workers(1)
    process = aside.begin(os.getpid)()
    aside.begin(partial(time.sleep, 600))
    aside.end()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_process_that_was_started_as_a_run_s_is_ends_though_its_workers_wait(tmp_path):
    code = (
        "import multiprocessing as mp, os\n"
        "from obs_dagster import workers\n"
        "def run():\n"
        "    workers._BESIDE.begin(os.getpid)()\n"
        "if __name__ == '__main__':\n"
        "    process = mp.get_context('spawn').Process(target=run)\n"
        "    process.start()\n"
        "    process.join(60)\n"
        "    print(process.exitcode)\n"
        "    process.kill()\n"
    )
    file = tmp_path / "started.py"
    file.write_text(code)
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0", done.stderr
