import importlib.util
import pkgutil

from obs_dagster import tasks
from obs_dagster.profile.loops import kernels
from obs_dagster.spans import loops as span_loops
from obs_dagster.warm_up import warm_up

#: They are part of the others.
INNER = {"_root", "_climb", "missing", "piece_of", "tail_bin", "near_place", "_near"}


def modules_of_loops():
    """The files whose functions are compiled: of profiles, of spans, and of tasks that have some."""
    yield kernels
    yield span_loops
    for info in pkgutil.iter_modules(tasks.__path__, "obs_dagster.tasks."):
        if info.ispkg and importlib.util.find_spec(f"{info.name}.kernels"):
            yield importlib.import_module(f"{info.name}.kernels")


def test_every_loop_is_compiled():
    warm_up()
    loops = {
        name: each
        for module in modules_of_loops()
        for name, each in vars(module).items()
        if hasattr(each, "signatures") and name not in INNER
    }
    assert len(loops) == 18
    assert [name for name, loop in loops.items() if not loop.signatures] == []
