"""Images of a batch of rows: where their bytes are, and what they look like, many at once."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from obs_dagster.content.image.pixels import BrokenImageError, Looks, looks_of
from obs_dagster.content.protocol import Function
from obs_dagster.cores import cores
from obs_dagster.store import StoreError, is_remote, place

_SQL = {"int": "BIGINT", "float": "DOUBLE", "str": "VARCHAR"}
_TYPES = {
    "fault": "VARCHAR",
    **{each.name: _SQL[str(each.type)] for each in fields(Looks) if each.name != "fingerprint"},
    "fingerprint": "UBIGINT",
}
_ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "UBIGINT": pa.uint64()}
_SCHEMA = pa.struct([(name, _ARROW[kind]) for name, kind in _TYPES.items()])
GIVES = f"STRUCT({', '.join(f'{name} {kind}' for name, kind in _TYPES.items())})"
#: Bytes of a file that are too many to be looked at.
_LARGEST = 64 << 20


class _FaultError(Exception):
    """A value is no image; the text is its fault."""


def at_paths(paths: Any, folders: Any) -> pa.Array:
    """What the images at paths in folders look like."""
    return _looks(list(zip(paths.to_pylist(), folders.to_pylist(), strict=True)), lambda each: _file(*each))


def of_bytes(contents: Any) -> pa.Array:
    """What the images that bytes are look like."""
    return _looks([(each,) for each in contents.to_pylist()], lambda each: each[0])


def of_base64(texts: Any) -> pa.Array:
    """What the images that texts of base64 are look like."""
    return _looks([(each,) for each in texts.to_pylist()], lambda each: _decoded(each[0]))


def _looks(values: Sequence[tuple[Any, ...]], content: Callable[[tuple[Any, ...]], bytes]) -> pa.Array:
    def one(value: tuple[Any, ...]) -> dict[str, Any] | None:
        if value[0] is None:
            return None
        try:
            return asdict(looks_of(content(value)))
        except _FaultError as error:
            return {"fault": str(error)}
        except BrokenImageError as error:
            return {"fault": f"corrupt: {error}"}

    # decoding lets other threads go on
    return pa.array(_pool().map(one, values), _SCHEMA)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), thread_name_prefix="images")


def _file(path: str, folder: str) -> bytes:
    """The bytes of a file of a folder."""
    parts = PurePosixPath(path)
    if is_remote(path) or parts.is_absolute() or ".." in parts.parts or "\\" in path:
        raise _FaultError("outside")
    try:
        found = place(folder) / path
        if isinstance(found, Path) and not is_remote(folder):
            # links that lead out of the folder are none of its files
            if not found.resolve().is_relative_to(Path(folder).resolve()):
                raise _FaultError("outside")
            if found.stat().st_size > _LARGEST:
                raise _FaultError("corrupt: too large")
        return found.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise _FaultError("absent") from error
    except (OSError, ValueError, StoreError) as error:
        raise _FaultError("unreadable") from error


def _decoded(text: str) -> bytes:
    """The bytes of base64, as it is, or in a data URL."""
    try:
        return base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _FaultError("corrupt: no base64") from error


def bytes_of(value: Any, stored_as: str, folder: str) -> bytes | None:
    """The bytes of an image of the log; None where there is none."""
    try:
        if stored_as == "path":
            return _file(value, folder)
        return _decoded(value) if stored_as == "base64" else bytes(value)
    except _FaultError:
        return None


FUNCTIONS = {
    "path": Function("obs_image_at", ("VARCHAR", "VARCHAR"), GIVES, at_paths),
    "bytes": Function("obs_image_of_bytes", ("BLOB",), GIVES, of_bytes),
    "base64": Function("obs_image_of_base64", ("VARCHAR",), GIVES, of_base64),
}
