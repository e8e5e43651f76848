import sys
from pathlib import Path

import pytest

from bench.measurement import Measurement, median
from bench.nights import stages_of
from bench.process import Limits, run

AMPLE = Limits(seconds=60, memory=4_000_000_000)


def test_a_program_is_measured_to_its_end():
    done = run([sys.executable, "-c", "print('done')"], AMPLE)
    assert (done.code, done.output, done.failure) == (0, "done\n", "")
    assert done.wall > 0
    assert done.peak > 1_000_000


def test_the_peak_is_the_memory_of_the_program():
    # from a small process: the memory of the one that starts it is the least that is found
    measuring = (
        "import sys; from bench.process import Limits, run; "
        "held = [sys.executable, '-c', f'x = bytearray({sys.argv[1]})']; "
        "print(run(held, Limits(60, 4_000_000_000)).peak)"
    )
    held = 200_000_000
    peaks = [int(run([sys.executable, "-c", measuring, str(size)], AMPLE).output) for size in (1, held)]
    assert peaks[1] - peaks[0] == pytest.approx(held, rel=0.2)


def test_a_failure_says_what_the_program_said_last():
    done = run([sys.executable, "-c", "import sys; sys.exit('no such table')"], AMPLE)
    assert done.failure == "exit code 1: no such table"


def test_a_program_that_takes_too_long_is_ended():
    done = run([sys.executable, "-c", "import time; time.sleep(600)"], Limits(0.2, AMPLE.memory))
    assert done.failure == "ended after 0 s"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells another process's memory")
def test_a_program_that_takes_too_much_memory_is_ended():
    program = "import time; x = bytearray(300_000_000); time.sleep(600)"
    done = run([sys.executable, "-c", program], Limits(AMPLE.seconds, 200_000_000))
    assert done.failure == "ended above 0.2 GB"


def test_the_environment_is_added_to():
    program = "import os; print(os.environ['BENCH_TEST'], 'PATH' in os.environ)"
    assert run([sys.executable, "-c", program], AMPLE, {"BENCH_TEST": "yes"}).output == "yes True\n"


def test_the_median_is_taken_of_each_number():
    runs = [
        Measurement(seconds=taken, peak=peak, phases={"load": taken / 2}, facts={"n": peak})
        for taken, peak in ((3.0, 10), (1.0, 30), (2.0, 20))
    ]
    found = median(runs)
    assert (found.seconds, found.peak, found.phases, found.runs) == (2.0, 20, {"load": 1.0}, 3)
    assert found.facts == {"n": 20}


def test_stages_are_read_from_what_obs_tells():
    told = "bench, 2024-01-01\n  ✓ inference_logs 0.3 s\n  ✗ drift 12.0 s\nerror: drift: no\n"
    assert stages_of(told) == {"inference_logs": 0.3, "drift": 12.0}
