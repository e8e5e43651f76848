import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from obs_dagster.telemetry.resources import Usage, gpus, metered, programs
from obs_dagster.telemetry.resources.usage import together

BURN = """
import sys, time
held = bytearray(80_000_000)
while time.process_time() < 0.4: pass
with open(sys.argv[1], "wb") as file:
    file.write(held[:20_000_000]); file.flush()
    import os; os.fsync(file.fileno())
"""


def test_what_processes_take_that_end_within_the_block_counts(tmp_path):
    with metered(tmp_path) as meter:
        subprocess.run([sys.executable, "-c", BURN, str(tmp_path / "file")], check=True)
    usage = meter.usage
    assert usage.cpu_seconds >= 0.4
    assert 0 < usage.saturation <= 1
    assert usage.disk_free < usage.disk_size
    assert usage.peak_memory > 0
    if sys.platform == "linux":
        assert usage.written_bytes >= 20_000_000


def test_memory_of_processes_beside_this_one_counts(tmp_path):
    child = [sys.executable, "-c", "held = bytearray(200_000_000); print('ready', flush=True); input()"]
    with metered(tmp_path) as meter, subprocess.Popen(child, stdin=-1, stdout=-1) as process:
        assert process.stdout.readline().strip() == b"ready"
        meter.look()
        process.communicate(b"\n")
    assert meter.usage.peak_memory > 200_000_000


def test_a_block_that_fails_has_a_usage_too():
    with pytest.raises(ZeroDivisionError), metered() as meter:
        1 / 0  # noqa: B018
    assert meter.usage.seconds > 0
    assert meter.usage.disk_free is None


def fake_nvml(devices, *, broken=False):
    """NVML as NVIDIA documents it: handles by index, utilisation in per cent, memory in bytes."""

    class NVMLError(Exception):
        pass

    def init():
        if broken:
            raise NVMLError("driver not loaded")

    return SimpleNamespace(
        NVMLError=NVMLError,
        nvmlInit=init,
        nvmlDeviceGetCount=lambda: len(devices),
        nvmlDeviceGetHandleByIndex=lambda index: devices[index],
        nvmlDeviceGetUtilizationRates=lambda device: SimpleNamespace(gpu=device[0], memory=1),
        nvmlDeviceGetMemoryInfo=lambda device: SimpleNamespace(total=80 << 30, free=1, used=device[1]),
    )


@pytest.mark.parametrize(
    ("library", "share", "memory"),
    [
        (fake_nvml([(40, 3 << 30), (80, 5 << 30)]), 0.6, 8 << 30),
        (fake_nvml([]), None, None),
        (fake_nvml([(40, 1)], broken=True), None, None),
    ],
    ids=["two processors", "none", "no driver"],
)
def test_graphics_processors_are_asked_where_there_are_some(monkeypatch, library, share, memory):
    monkeypatch.setitem(sys.modules, "pynvml", library)
    monkeypatch.setattr(gpus, "find_spec", lambda _: object())
    gpus._library.cache_clear()
    try:
        with metered() as meter:
            pass
    finally:
        gpus._library.cache_clear()
    assert meter.usage.gpu_share == (None if share is None else pytest.approx(share))
    assert meter.usage.gpu_memory == memory


def usage(**changes):
    plain = {"seconds": 10.0, "cpu_seconds": 15.0, "cores": 2, "peak_memory": 100, "read_bytes": 7}
    return Usage(**{**plain, **changes})


def test_parts_that_follow_one_another_add_up():
    whole = together([usage(gpu_share=0.5), usage(seconds=30.0, peak_memory=50, read_bytes=None), usage()])
    assert (whole.seconds, whole.cpu_seconds, whole.peak_memory, whole.read_bytes) == (50.0, 45.0, 100, 14)
    assert (whole.gpu_share, whole.written_bytes, whole.cores_busy) == (0.5, None, 0.9)
    assert together([]) is None


def test_days_share_time_and_transfers_and_had_the_same_memory():
    day = usage(written_bytes=20).part(4)
    assert (day.seconds, day.cpu_seconds, day.written_bytes, day.peak_memory) == (2.5, 3.75, 5, 100)
    assert day.cores_busy == usage().cores_busy


def test_programs_are_told_without_importing_them():
    found = programs()
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"obs-dagster", "dagster", "mlflow", "duckdb", "shap", "pandas"} <= set(found)
    told = "import sys; from obs_dagster.telemetry.resources import programs; programs(); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", told], check=True, capture_output=True, text=True, env=os.environ
    ).stdout.split()
    assert not {"dagster", "mlflow", "duckdb", "pandas", "numpy"} & set(loaded)
