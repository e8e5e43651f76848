"""The folder that sites' profiles lie in: which are taken, of which days, and why others are not."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from obs_dagster.errors import ObsError, SourceError
from obs_dagster.lake.lake import replacing
from obs_dagster.monitor.federation import Federation
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.sites.agreement import agreement, differences
from obs_dagster.sites.package import SUFFIX, Package, PackageError, read_package
from obs_dagster.sites.signature import SignatureError, check_signature


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is not taken.

    Attributes:
        path: the file.
        reason: why, and what to do.
    """

    path: Path
    reason: str


@dataclass(frozen=True)
class Inbox:
    """The files of a folder, the newest of each site and day first.

    Attributes:
        taken: those that are signed as they should be and agree with the monitor, the newest first.
        refused: the others.
    """

    taken: Sequence[Package]
    refused: Sequence[Refused] = ()

    @classmethod
    def of(cls, monitor: Monitor) -> Inbox:
        """What lies in the folder that the monitor names.

        Raises:
            SourceError: the folder is not there.
        """
        folder = Path(monitor.resolve_path(monitor.logs.path))
        if not folder.is_dir():
            raise SourceError(
                f"There is no folder {folder} with the profiles of sites.",
                remedy="Make it, or correct logs.path in the monitor.",
            )
        taken, refused = [], []
        for path in sorted(folder.rglob(f"*{SUFFIX}")):
            try:
                status = path.stat()
                taken.append(_checked(path, status.st_mtime_ns, status.st_size, _Asked(monitor)))
            except FileNotFoundError:
                # somebody took it away meanwhile
                continue
            except (ObsError, OSError) as error:
                refused.append(Refused(path, str(error)))
        taken.sort(key=lambda each: (each.header["made_at"], each.digest), reverse=True)
        return cls(taken, refused)

    @cached_property
    def days(self) -> Mapping[dt.date, Mapping[str, Package]]:
        """By day, ascending, the newest file that each site sent of it, by site."""
        found: dict[dt.date, dict[str, Package]] = {}
        for package in self.taken:
            for day in package.days:
                found.setdefault(dt.date.fromisoformat(day), {}).setdefault(package.site, package)
        return {day: dict(sorted(found[day].items())) for day in sorted(found)}

    def on(self, day: dt.date) -> Mapping[str, Package]:
        """The newest file of each site that has a day."""
        return self.days.get(day, {})

    def stamp(self, day: dt.date) -> str:
        """Changes with what sites counted of a day's rows; empty if none sent it."""
        parts = [f"{site} {package.days[str(day)]['rows_digest']}" for site, package in self.on(day).items()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16] if parts else ""


@dataclass(frozen=True, eq=False, slots=True)
class _Asked:
    """A monitor as the key of a cache; equal where what files are held against is."""

    monitor: Monitor

    def __hash__(self) -> int:
        return hash(self.monitor.model)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self.monitor == other.monitor


@lru_cache(maxsize=4096)
def _checked(path: Path, modified: int, size: int, asked: _Asked) -> Package:  # noqa: ARG001  they tell a rewritten file from the old one
    package = read_package(path)
    check_package(package, asked.monitor)
    return package


def check_package(package: Package, monitor: Monitor) -> None:
    """Make sure that a file is from a site of the monitor's, and counts what the monitor counts.

    Raises:
        PackageError: it is of another model, or counted by other rules.
        SignatureError: the site is not known, or the file not signed by its key.
    """
    federation = monitor.federation or Federation()
    name, site = package.path.name, package.site
    if package.header["model"] != monitor.model:
        raise PackageError(
            f"{name} is of the model {package.header['model']!r}, not of {monitor.model!r}.",
            remedy="Put it where the profiles of its model are.",
        )
    if site not in federation.sites:
        known = ", ".join(federation.sites) or "none"
        raise SignatureError(
            f"{name} is of the site {site!r}, which the monitor does not know; it knows {known}.",
            remedy=f"Add `{site}: {{public_key: …}}` to federation.sites, if it is one of yours.",
        )
    key = federation.sites[site].public_key
    if key is None:
        # that nothing unsigned is taken where it is not to be is a check of the monitor file, too
        if federation.unsigned != "accept":
            raise SignatureError(
                f"{name}: the site {site} has no public key.",
                remedy="Give it one in federation.sites, or write `unsigned: accept`.",
            )
    elif not package.signature:
        raise SignatureError(
            f"{name} is not signed, and {site} has a public key.",
            remedy="Have the site send it again with federation.signing_key.",
        )
    elif not check_signature(package.signed, package.signature, key, monitor.folder):
        raise SignatureError(
            f"{name} is not signed by the key of {site}, or was changed since (signed by "
            f"{package.signed_by or 'nobody who says so'}).",
            remedy="Have the site send it again; if its key is a new one, correct federation.sites.",
        )
    differing = differences(agreement(monitor), package.header["agreement"])
    if differing:
        raise PackageError(
            f"{name}: the monitor of {site} differs from this one in {', '.join(differing)}, so their counts "
            "do not mean the same.",
            remedy="Make the two monitors alike in these; then have the site count its days again and send "
            "them.",
        )


def check_grids(package: Package, grids: Grids) -> None:
    """Make sure that a file is counted on some grids.

    Raises:
        PackageError: it is not, and the error names the columns.
    """
    theirs: Mapping[str, str] = package.header["grids"]["columns"]
    others = sorted(name for name, grid in grids.ids.items() if theirs.get(name) != grid)
    if others:
        raise PackageError(
            f"{package.path.name}: {package.site} counts on other grids (columns {', '.join(others)}; its "
            f"grids are {package.header['grids']['id']}, these {grids.id}).",
            remedy="Agree on one: `obs profile grids MODEL --out FILE` here, `obs profile grids MODEL "
            "--adopt FILE` at the site; then count its days again and send them.",
        )


def put_in(package: Package, monitor: Monitor) -> Path | None:
    """Copy a file that was checked into the folder of the monitor; None if its content is there already."""
    folder = Path(monitor.resolve_path(monitor.logs.path))
    days = sorted(package.days)
    span = days[0] if days[0] == days[-1] else f"{days[0]}_{days[-1]}"
    target = folder / package.site / f"{span}-{package.digest}{SUFFIX}"
    content = package.path.read_bytes()
    if target.exists() and target.read_bytes() == content:
        return None
    with replacing(target) as aside:
        aside.write_bytes(content)
    return target
