"""Buckets of S3, Google Cloud Storage and Azure, through obstore."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

from obs_dagster.store.error import LostRaceError, StoreError
from obs_dagster.store.protocol import Stamp, Store

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import ObjectStore

#: The schemes of addresses that are stores, and what the provider is called.
SCHEMES = {
    "s3": "Amazon S3",
    "s3a": "Amazon S3",
    "gs": "Google Cloud Storage",
    "abfss": "Azure storage",
    "abfs": "Azure storage",
    "az": "Azure storage",
}
#: Variables that name another server than the provider's own: loopback, or one within a company.
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AZURE_STORAGE_ENDPOINT")
#: Bytes that are written in one request, which the store can refuse if the object is another one by now.
_ONE_REQUEST = 64 << 20
#: Bytes of a request of a file that is fetched or written by several, and how many of these at once.
_RANGE, _PART, _AT_ONCE = 16 << 20, 8 << 20, 8
#: Stores take no more parts of a file than ten thousand.
_PARTS = 9_000
#: Bytes of what is fetched that are in memory before they are on disk.
_CHUNK = 1 << 20
#: How often, and for how long, a service that is busy or fails is asked again.
RETRIES: Any = {
    "max_retries": 10,
    "retry_timeout": timedelta(seconds=120),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=10)},
}
#: How S3 says that; of a HEAD it says no more than that there is no such object.
_NO_BUCKET = "NoSuchBucket"
#: What marks a write, so that one whose answer was lost is known again.
_MARK = "obswrite"
_REMEDY = (
    "Check that the address is right, that the store can be reached from here, and the credentials in the "
    "environment (docs/storage.md lists the variables), then run again; nothing was changed."
)


@dataclass(frozen=True, slots=True)
class Objects:
    """One bucket or container (see `Store` for what each method is for)."""

    url: str
    _opened: ObjectStore = field(repr=False, compare=False)

    def stamp(self, key: str) -> Stamp | None:
        """By HEAD, which every store answers with what is there now."""
        import obstore

        try:
            with self._told(key):
                return _stamp(obstore.head(self._opened, key))
        except FileNotFoundError:
            return None

    def below(self, folder: str) -> Iterator[Stamp]:
        """By pages of a thousand."""
        import obstore

        with self._told(folder):
            found = [_stamp(each) for page in obstore.list(self._opened, folder or None) for each in page]
        yield from sorted(found, key=lambda each: each.key)

    def entries(self, folder: str) -> tuple[list[str], list[Stamp]]:
        """By one list with a delimiter."""
        import obstore

        with self._told(folder):
            found = obstore.list_with_delimiter(self._opened, folder or None)
        folders = sorted(each.rpartition("/")[2] for each in found["common_prefixes"])
        return folders, sorted(map(_stamp, found["objects"]), key=lambda each: each.key)

    def fetch(self, stamp: Stamp, target: Path) -> None:
        """In one request, or several at once for ranges of one version of it; little of it is in memory."""
        with target.open("wb") as file:
            if stamp.size <= _RANGE:
                self._fetch(stamp, file.fileno(), 0)
                return
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(_AT_ONCE) as pool:
                begins = range(0, stamp.size, _RANGE)
                list(pool.map(lambda begin: self._fetch(stamp, file.fileno(), begin), begins))

    def _fetch(self, stamp: Stamp, file: int, begin: int) -> None:
        """Write a range of an object to where it is in a file."""
        at, end = begin, min(begin + _RANGE, stamp.size)
        with self._told(stamp.key):
            for chunk in self._get(stamp, begin, end).stream(_CHUNK):
                part = memoryview(chunk)
                while part:
                    written = os.pwrite(file, part, at)
                    part, at = part[written:], at + written

    def _get(self, stamp: Stamp, begin: int, end: int) -> GetResult:
        import obstore

        options: Any = {"if_match": stamp.tag} if stamp.tag else {}
        if (begin, end) != (0, stamp.size):
            options["range"] = (begin, end)
        return obstore.get(self._opened, stamp.key, options=options)

    def read(self, stamp: Stamp, begin: int, end: int) -> bytes:
        """By one request for the range of the version that was stamped."""
        with self._told(stamp.key):
            return bytes(self._get(stamp, begin, end).bytes())

    def put(self, key: str, content: Path | bytes, before: Stamp | None) -> str:
        """In one request under the condition; what is too large for one is looked at just before."""
        import obstore

        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        mark = uuid4().hex
        attributes: Any = {_MARK: mark}
        if size > _ONE_REQUEST:
            if self.stamp(key) != before:
                raise self._lost(key)
            with self._told(key):
                put = obstore.put(
                    self._opened,
                    key,
                    content,
                    attributes=attributes,
                    use_multipart=True,
                    chunk_size=max(_PART, -(-size // _PARTS)),
                    max_concurrency=_AT_ONCE,
                )
            return put["e_tag"] or ""
        known = {} if before is None else {"e_tag": before.tag, "version": before.version}
        mode: Any = {name: each for name, each in known.items() if each} or "create"
        try:
            with self._told(key):
                put = obstore.put(
                    self._opened, key, content, attributes=attributes, mode=mode, use_multipart=False
                )
        except LostRaceError:
            # it may have been this one, whose answer was lost and which was tried again
            if self._mark(key) != mark:
                raise
            return ""
        return put["e_tag"] or ""

    def _mark(self, key: str) -> str:
        import obstore

        try:
            with self._told(key):
                found = obstore.get(self._opened, key, options={"head": True}).attributes
        except FileNotFoundError:
            return ""
        return str(found.get(_MARK, ""))

    def remove(self, keys: Iterable[str]) -> None:
        """By a thousand, where the store has such a request."""
        import obstore

        known = list(keys)
        if known:
            with self._told(known[0]):
                obstore.delete(self._opened, known)

    def _lost(self, key: str) -> LostRaceError:
        return LostRaceError(
            f"{self.url}/{key} was written by another process while this one worked on it.",
            remedy="Run again; what the other process wrote is there, and nothing of it was overwritten.",
        )

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        """Errors as they are told: those of the library are several pages long."""
        from obstore import exceptions

        try:
            yield
        except FileNotFoundError as error:
            if _NO_BUCKET in str(error):
                raise StoreError(f"There is no bucket {self.url}.", remedy=_REMEDY) from None
            raise FileNotFoundError(2, "No such object", f"{self.url}/{key}") from None
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
            raise self._lost(key) from None
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            raise StoreError(f"{self.url}/{key} is refused: {_first(error)}", remedy=_REMEDY) from None
        except (exceptions.BaseError, OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                # of this machine: its disk is full
                raise
            if _NO_BUCKET in str(error):
                raise StoreError(f"There is no bucket {self.url}.", remedy=_REMEDY) from None
            raise StoreError(f"{self.url}/{key} cannot be used: {_first(error)}", remedy=_REMEDY) from None


@cache
def store_at(url: str) -> Store:
    """The store of a bucket's address, opened once a process; what is in it is first asked for when needed.

    Raises:
        StoreError: the library is not installed, or the address or the environment is malformed.
    """
    if find_spec("obstore") is None:
        raise StoreError(
            f"{url} is in object storage, and obstore is not installed.",
            remedy="Install the extra: `pip install 'obs-dagster[storage]'`.",
        )
    from obstore import exceptions
    from obstore.store import from_url

    try:
        own = own_credentials(url, os.environ)
        environ = {**os.environ, **{name.upper(): value for name, value in own.items()}}
        options: Any = {"client_options": {"allow_http": True}} if _is_plain(environ) else {}
        options |= {"config": own} if own else {}
        return Objects(url, from_url(url, retry_config=RETRIES, **options))
    except (exceptions.BaseError, ValueError) as error:
        raise StoreError(f"{url} cannot be opened: {_first(error)}", remedy=_REMEDY) from None


def own_credentials(url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """What the environment says of one bucket alone, which goes before what it says of all.

    Raises:
        StoreError: a key of its own would be used with the token of another one's session.

    >>> own_credentials("s3://hr-people", {"OBS_STORE_HR_PEOPLE_AWS_ACCESS_KEY_ID": "key"})
    {'aws_access_key_id': 'key'}
    """
    bucket = re.sub(r"[^A-Z0-9]", "_", url.partition("://")[2].upper())
    begin = f"OBS_STORE_{bucket}_"
    found = {
        name.removeprefix(begin).lower(): value
        for name, value in environ.items()
        if name.startswith((f"{begin}AWS_", f"{begin}GOOGLE_", f"{begin}AZURE_")) and value
    }
    if "aws_access_key_id" in found and "aws_session_token" not in found and environ.get("AWS_SESSION_TOKEN"):
        raise StoreError(
            f"{url} has a key of its own, and AWS_SESSION_TOKEN is that of another one.",
            remedy=f"Set {begin}AWS_SESSION_TOKEN too, or unset AWS_SESSION_TOKEN.",
        )
    return found


def _is_plain(environ: Mapping[str, str]) -> bool:
    """Whether the environment names a server without encryption, as one on loopback is."""
    named = next((environ[name] for name in _ENDPOINTS if environ.get(name)), "")
    return urlsplit(named).scheme == "http"


def _stamp(found: Any) -> Stamp:
    modified = found["last_modified"].replace(microsecond=0)
    return Stamp(found["path"], found["size"], modified, found["e_tag"] or "", found["version"])


def _first(error: BaseException) -> str:
    """The first line of an error, without what follows of the library's inside."""
    text = " ".join(str(error).partition("\n\nDebug source")[0].split())
    answered = re.search(r"<Message>(.*?)</Message>", text)
    return f"{text.partition('<?xml')[0]}{answered[1]}" if answered else text[:300]
