"""Signatures, and what is said of keys that cannot be used."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from obs_dagster.sites.signature import SignatureError, Signer, check_signature


def test_a_signature_holds_for_its_key_and_content_alone(tmp_path):
    signer = Signer.new()
    signature = signer.sign(b"counts")
    assert check_signature(b"counts", signature, signer.public_key, tmp_path)
    assert not check_signature(b"count5", signature, signer.public_key, tmp_path)
    assert not check_signature(b"counts", signature, Signer.new().public_key, tmp_path)
    assert not check_signature(b"counts", "no base64!", signer.public_key, tmp_path)


def test_keys_are_files_or_variables(tmp_path, monkeypatch):
    signer = Signer.new()
    (tmp_path / "site.pem").write_bytes(signer.pem)
    private = serialization.load_pem_private_key(signer.pem, None)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (tmp_path / "site.pub").write_bytes(public)
    monkeypatch.setenv("SITE_KEY", signer.pem.decode())
    monkeypatch.setenv("KEYS", str(tmp_path))
    for written in ("site.pem", "${SITE_KEY}", "${KEYS}/site.pem"):
        signature = Signer.of(written, tmp_path).sign(b"counts")
        assert check_signature(b"counts", signature, "site.pub", tmp_path)


@pytest.mark.parametrize(
    ("written", "content", "told"),
    [
        ("none.pem", None, "No such file"),
        ("bad.pem", b"words", "no private key in PEM"),
        ("${UNSET_KEY}", None, "UNSET_KEY, which is not set"),
        (
            "other.pem",
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
            "another kind than Ed25519",
        ),
        (
            "locked.pem",
            Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"x"),
            ),
            "without a password",
        ),
    ],
    ids=["absent", "no key", "not set", "another kind", "locked"],
)
def test_a_key_that_cannot_sign_says_why(tmp_path, written, content, told):
    if content is not None:
        (tmp_path / written).write_bytes(content)
    with pytest.raises(SignatureError, match=told):
        Signer.of(written, tmp_path)


def test_a_public_key_that_is_none_says_which(tmp_path):
    with pytest.raises(SignatureError, match=r"site\.pub cannot be read"):
        check_signature(b"", "", "site.pub", tmp_path)
