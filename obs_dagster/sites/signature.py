"""Signatures of what sites send: Ed25519 over the header, which has the digests of all else.

Keys are PEM files (PKCS8 of the private one, SubjectPublicKeyInfo of the public one), or the 32 bytes of a
public key in base64, which fits into a line of a monitor file.
"""

from __future__ import annotations

import base64
import binascii
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.errors import ObsError
from obs_dagster.monitor.placeholders import environment, expand, is_set, variables
from obs_dagster.secrets import given, remember

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PUBLIC = re.compile(r"[A-Za-z0-9+/_-]{43}=?")


class SignatureError(ObsError):
    """A key cannot be read, or what was sent is not signed by the key that it should be signed by."""


class Signer:
    """Signs with a private key.

    Args:
        key: the private key.
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def of(cls, written: str, folder: Path) -> Signer:
        """The signer of a key as a monitor names it: a file, or a variable that holds the key.

        Raises:
            SignatureError: the file or the variable is not there, or holds no Ed25519 key.
        """
        _require_library()
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        text = _private_text(written, folder)
        try:
            key = load_pem_private_key(text.encode(), password=None)
        except (ValueError, TypeError) as error:
            raise SignatureError(
                f"The signing key {written} is no private key in PEM without a password.",
                remedy="`obs profile key --out FILE` makes one.",
            ) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise SignatureError(
                f"The signing key {written} is of another kind than Ed25519.",
                remedy="`obs profile key --out FILE` makes one.",
            )
        return cls(key)

    @classmethod
    def new(cls) -> Signer:
        """A signer with a new key."""
        _require_library()
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate())

    @property
    def pem(self) -> bytes:
        """The private key as PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def public_key(self) -> str:
        """The public key, its 32 bytes in base64."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, content: bytes) -> str:
        """The signature of some bytes, in base64."""
        return base64.b64encode(self._key.sign(content)).decode()


def check_signature(content: bytes, signature: str, public_key: str, folder: Path) -> bool:
    """Whether bytes were signed by the private key that belongs to a public one.

    Args:
        content: the bytes.
        signature: in base64.
        public_key: as a monitor has it: in base64, or a PEM file.
        folder: where a relative path begins.

    Raises:
        SignatureError: the public key cannot be read.
    """
    _require_library()
    from cryptography.exceptions import InvalidSignature

    try:
        _public(public_key, folder).verify(base64.b64decode(signature, validate=True), content)
    except (InvalidSignature, binascii.Error):
        return False
    return True


def _public(written: str, folder: Path) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if _PUBLIC.fullmatch(written):
        raw = base64.b64decode(written.replace("-", "+").replace("_", "/").rstrip("=") + "=")
        return Ed25519PublicKey.from_public_bytes(raw)
    file = _file(written, folder)
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no public key in PEM"
        raise SignatureError(
            f"The public key {written} cannot be read: {why}.",
            remedy="Correct federation.sites in the monitor; `obs profile key` at the site prints its key.",
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise SignatureError(
            f"The public key {written} is of another kind than Ed25519.",
            remedy="`obs profile key` at the site makes one.",
        )
    return key


def _private_text(written: str, folder: Path) -> str:
    names = variables(written)
    known = environment(None)
    if names and written == f"${{{names[0]}}}" and "PRIVATE KEY" in (held := given(names[0], known) or ""):
        remember(held)
        return held
    for name in names:
        if not is_set(name, known):
            raise SignatureError(
                f"The signing key {written} is in the variable {name}, which is not set.",
                remedy="Set it to the key, or to the path of its file.",
            )
    file = _file(expand(written, known), folder)
    try:
        return file.read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no PEM"
        raise SignatureError(
            f"The signing key {written} cannot be read: {why}.",
            remedy="Correct federation.signing_key; `obs profile key --out FILE` makes one.",
        ) from error


def _file(written: str, folder: Path) -> Path:
    return folder / Path(written).expanduser()


def _require_library() -> None:
    if find_spec("cryptography") is None:
        raise SignatureError(
            "Signatures need the library cryptography.",
            remedy="Install the extra: `pip install 'obs-dagster[federated]'`.",
        )
