"""OpenLineage's official client, of whose modules only those are executed that are used.

`import openlineage.client` imports every facet that there is, some 170 classes, and an HTTP library for its
asynchronous transport. A night uses a third of the facets and one transport; the rest is three quarters of
what lineage would cost it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType
from typing import TYPE_CHECKING

from obs_dagster.lineage.switch import PRODUCER

if TYPE_CHECKING:
    from openlineage.client import OpenLineageClient

_LATER = ("httpx2", "openlineage.client.generated.")
"""A module, and a package's modules, that are executed when something of them is first asked for."""


class _Later:
    """Finds modules as Python does, and has them executed at their first use."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not name.startswith(_LATER):
            return None
        found = PathFinder.find_spec(name, path)
        if found is not None and found.loader is not None:
            found.loader = LazyLoader(found.loader)
        return found


@contextmanager
def _later() -> Iterator[None]:
    finder = _Later()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def client_type() -> type[OpenLineageClient]:
    """The client, which is yet to be made.

    Raises:
        ImportError: it is not installed.
    """
    with _later():
        from openlineage.client import OpenLineageClient, client
        from openlineage.client.dataset import dataset
        from openlineage.client.event_v2 import set_producer
    # events are made in one thread and sent in another: what both might use is there before
    for module in (client, dataset):
        _execute(each for each in vars(module).values() if isinstance(each, ModuleType))
    set_producer(PRODUCER)
    return OpenLineageClient


def _execute(modules: Iterator[ModuleType]) -> None:
    for each in modules:
        dir(each)
