"""What there are several kinds of: ours are found by their place, third parties' by entry points.

A kind is one object with a name, in a module of its own. Nobody keeps a list: a new module in the place, or
an installed distribution with an entry point of the group, is all that it takes.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from obs_dagster.errors import ObsError

K = TypeVar("K")


class KindError(ObsError):
    """There is no such kind, or what is registered as one is none."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where kinds that come with the package are.

    Attributes:
        package: the package whose modules are looked through, in the order of their names.
        attribute: what the kind is called in its module; modules without it are none.
        module: of packages in it, the module that is looked at.
    """

    package: str
    attribute: str
    module: str = ""

    def found(self) -> Iterator[tuple[str, Any]]:
        """Every kind with the name of its module."""
        package = importlib.import_module(self.package)
        for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
            if self.module and not info.ispkg:
                continue
            name = ".".join(filter(None, (self.package, info.name, self.module)))
            kind = getattr(importlib.import_module(name), self.attribute, None)
            if kind is not None:
                yield name, kind


@dataclass(frozen=True, slots=True, eq=False)
class Kinds(Generic[K]):
    """All kinds of one thing, by name.

    Attributes:
        noun: what each of them is ("channel").
        group: the entry point group of third parties.
        places: where ours are.
        name_of: the name of a kind.
    """

    noun: str
    group: str
    places: Sequence[Place]
    name_of: Callable[[Any], str] = lambda kind: str(kind.name)
    _known: dict[str, K] = field(default_factory=dict, init=False, repr=False)

    def all(self) -> Mapping[str, K]:
        """Every kind by name: ours by place and module, then third parties' by entry point.

        Raises:
            KindError: two have one name, or an entry point cannot be loaded or names something else.
        """
        if not self._known:
            found: dict[str, K] = {}
            for origin, kind in (*self._shipped(), *third_party(self.group)):
                name = self._name(origin, kind)
                if name in found:
                    raise KindError(
                        f"{origin} registers the {self.noun} {name!r}, which is already there.",
                        remedy="Rename it, or uninstall the distribution that it is from.",
                    )
                found[name] = kind
            self._known.update(found)
        return MappingProxyType(self._known)

    def named(self, name: str) -> K:
        """One of them.

        Raises:
            KindError: there is none of that name; the message lists those that there are.
        """
        known = self.all()
        if name not in known:
            raise KindError(f"There is no {self.noun} {name!r}.", remedy=f"Known: {', '.join(known)}.")
        return known[name]

    def forget(self) -> None:
        """Look for them anew when they are next asked for."""
        self._known.clear()

    def _shipped(self) -> Iterator[tuple[str, K]]:
        for place in self.places:
            yield from place.found()

    def _name(self, origin: str, kind: object) -> str:
        try:
            return self.name_of(kind)
        except (AttributeError, KeyError, TypeError) as error:
            raise KindError(
                f"{origin} registers {kind!r}, which is no {self.noun}.",
                remedy="See docs/extending.md for what an entry point of "
                f"the group {self.group} has to name.",
            ) from error


def third_party(group: str) -> Iterator[tuple[str, Any]]:
    """What entry points of installed distributions name, with what says where it is from, by their names.

    Raises:
        KindError: what an entry point names cannot be imported.
    """
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        origin = f"entry point {point.name!r} ({point.value})"
        try:
            found = point.load()
        except Exception as error:  # a stranger's module fails in whatever way it does
            raise KindError(
                f"The {origin} of {group} cannot be loaded: {type(error).__name__}: {error}.",
                remedy="Update or uninstall the distribution that it is from.",
            ) from error
        yield origin, found
