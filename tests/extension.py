"""Installs a distribution with modules and entry points on `sys.path`, and makes everybody look anew."""

import gc
import importlib
import sys

from obs_dagster.kinds import Kinds
from obs_dagster.metrics import registry
from obs_dagster.monitor.data import Labels, Logs
from obs_dagster.monitor.model import Monitor


def install(folder, name, modules, entry_points):
    """Write modules (source by name) and the metadata of a distribution that pip would have installed."""
    folder.mkdir(parents=True, exist_ok=True)
    for module, source in modules.items():
        (folder / f"{module}.py").write_text(source, encoding="utf-8")
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"[{group}]\n{name} = {value}\n" for group, value in entry_points.items()]
    (info / "entry_points.txt").write_text("\n".join(lines))
    forget()


def forget(modules=()):
    """Look for kinds and metrics anew, and let the monitor file be read with what there is then."""
    for module in modules:
        sys.modules.pop(module, None)
    importlib.invalidate_caches()
    for kinds in [each for each in gc.get_objects() if isinstance(each, Kinds)]:
        kinds.forget()
    for found in (
        registry.metrics,
        registry.family,
        registry.definitions,
        registry.shown_in,
        registry.tallies,
    ):
        found.cache_clear()
    for model in (Logs, Labels, Monitor):
        model.model_rebuild(force=True)
