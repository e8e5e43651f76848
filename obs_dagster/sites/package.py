"""The file that a site sends: a ZIP archive of a JSON header, Parquet tables and a signature.

docs/federated.md describes it, for whoever writes or reads such files without this package.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from obs_dagster.errors import ObsError
from obs_dagster.lake.lake import replacing
from obs_dagster.sites.signature import Signer

FORMAT, VERSION = "obs-profile", 1
SUFFIX = ".obsprofile"
DAY_COLUMN = "day"
"""The first column of every table: the day that a row is of, as text."""

_HEADER, _SIGNATURE = "header.json", "signature.json"
#: No file of a ZIP archive is older; with the present time in it, equal content would not be equal bytes.
_MOMENT = (1980, 1, 1, 0, 0, 0)
#: Bytes of a header, and of a table, that a file may have; more is no profile.
_LONGEST_HEADER, _LONGEST_TABLE = 1 << 26, 1 << 32


class PackageError(ObsError):
    """A file is not one that a site sends, is damaged, or was made by a later version."""


@dataclass(frozen=True)
class Package:
    """A file that a site sent.

    Attributes:
        path: the file.
        header: what it says of itself.
        signed: the bytes that a signature is of.
        signature: the signature in base64, and the public key that it is said to be by; empty if unsigned.
    """

    path: Path
    header: Mapping[str, Any]
    signed: bytes
    signature: str
    signed_by: str

    @cached_property
    def digest(self) -> str:
        """Changes with anything in the file."""
        return hashlib.sha256(self.signed).hexdigest()[:16]

    @property
    def site(self) -> str:
        """The site that it says it is of."""
        return str(self.header["site"])

    @property
    def days(self) -> Mapping[str, Mapping[str, Any]]:
        """What is said of each day, by its text."""
        days: Mapping[str, Mapping[str, Any]] = self.header["days"]
        return days

    def table(self, name: str) -> pa.Table | None:
        """The rows of one of the tables; None if the file does not have it.

        Raises:
            PackageError: it is not the table that the header is about.
        """
        told = self.header["tables"].get(name)
        if told is None:
            return None
        try:
            with zipfile.ZipFile(self.path) as archive:
                content = _read(archive, str(told["file"]), _LONGEST_TABLE)
        except (OSError, zipfile.BadZipFile, KeyError) as error:
            raise _damaged(self.path, error) from error
        if hashlib.sha256(content).hexdigest() != told["sha256"]:
            raise PackageError(
                f"{self.path}: the table {name} is not the one that the header is about.",
                remedy="Have the site send the file again.",
            )
        return pq.read_table(pa.BufferReader(content))

    def of_day(self, name: str, day: str) -> pa.Table | None:
        """The rows of a table that are of a day, without the column of the day."""
        found = self.table(name)
        if found is None:
            return None
        return found.filter(pc.equal(found[DAY_COLUMN], day)).drop_columns([DAY_COLUMN])


def write_package(
    path: Path, header: Mapping[str, Any], tables: Mapping[str, pa.Table], signer: Signer | None
) -> bytes:
    """Write a file, atomically; equal content is equal bytes. Returns the header as it was written.

    Args:
        path: the file.
        header: what it says of itself, but for format and tables.
        tables: by name, each with the day in its first column.
        signer: signs it; left out: nobody does.
    """
    members = {f"{name}.parquet": _parquet(table) for name, table in tables.items()}
    told = {
        name: {
            "file": f"{name}.parquet",
            "rows": table.num_rows,
            "sha256": hashlib.sha256(members[f"{name}.parquet"]).hexdigest(),
        }
        for name, table in tables.items()
    }
    whole = {"format": FORMAT, "format_version": VERSION, **header, "tables": told}
    content = json.dumps(whole, indent=1, sort_keys=True).encode()
    with replacing(path) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, _HEADER, content)
        if signer is not None:
            signature = {
                "algorithm": "ed25519",
                "public_key": signer.public_key,
                "signature": signer.sign(content),
            }
            _add(archive, _SIGNATURE, json.dumps(signature, indent=1).encode())
        for name, member in members.items():
            # Parquet is compressed already
            _add(archive, name, member, zipfile.ZIP_STORED)
    return content


def read_package(path: Path) -> Package:
    """What a file says of itself; its tables are read when they are asked for.

    Raises:
        PackageError: it is no such file, or one of a later version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            content = _read(archive, _HEADER, _LONGEST_HEADER)
            signed = _SIGNATURE in archive.namelist()
            signature = json.loads(_read(archive, _SIGNATURE, 1 << 16)) if signed else {}
        header = json.loads(content)
        _check_header(path, header)
        return Package(
            path, header, content, str(signature.get("signature", "")), str(signature.get("public_key", ""))
        )
    except PackageError:
        raise
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, error) from error


def _check_header(path: Path, header: Mapping[str, Any]) -> None:
    if header["format"] != FORMAT:
        raise PackageError(f"{path} is of the format {header['format']!r}, not {FORMAT!r}.")
    if header["format_version"] > VERSION:
        raise PackageError(
            f"{path} is of version {header['format_version']} of the format; this version of obs-dagster "
            f"knows {VERSION}.",
            remedy="Update obs-dagster here, or let the site send by the version of before.",
        )
    missing = {"site", "model", "days", "tables", "grids", "agreement", "made_at"} - set(header)
    if missing:
        raise PackageError(f"{path}: the header lacks {', '.join(sorted(missing))}.")


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(None), sink, compression="zstd")
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]  # pyarrow has no types


def _add(archive: zipfile.ZipFile, name: str, content: bytes, how: int = zipfile.ZIP_DEFLATED) -> None:
    entry = zipfile.ZipInfo(name, _MOMENT)
    entry.compress_type = how
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    if archive.getinfo(name).file_size > most:
        raise PackageError(f"{archive.filename}: {name} is longer than a profile can be.")
    return archive.read(name)


def _damaged(path: Path, error: Exception) -> PackageError:
    why = (
        error.strerror
        if isinstance(error, OSError) and error.strerror
        else f"{type(error).__name__}: {error}"
    )
    return PackageError(
        f"{path} is not a profile as `obs profile export` writes it ({why}).",
        remedy="Have the site send the file again.",
    )
