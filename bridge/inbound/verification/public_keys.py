"""Signatures that a public key verifies: Ed25519 (RFC 8032), and ECDSA over P-256 with SHA-256 (FIPS 186-5).

Nothing secret is compared, so no time tells anything. The library is imported by the sources that use it
alone: a start without one does not pay for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from bridge.inbound.verification.encodings import decode
from bridge.inbound.verification.hmacs import Matches
from bridge.inbound.verification.secret_forms import SecretForm

PUBLIC_KEY_ENCODINGS = ("pem", "base64", "hex")
ED25519_KEY_BYTES = 32

Verify = Callable[[bytes, bytes], None]
"""Takes a signature and what is signed; raises `InvalidSignature`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A kind of key, written as PEM, or as base64 or hex of the bare key (Ed25519) or the SPKI structure (RFC 5280)."""

    kind: Literal["ed25519", "ecdsa"]
    encoding: str = "hex"
    secret: SecretForm = field(default_factory=lambda: SecretForm(encoding="pem"))

    can_sign = False

    def bind(self, secrets: tuple[bytes, ...]) -> Matches:
        """Prepare the keys. Raises `ValueError` for what is no public key of this kind."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see the head of this file

        verifying = [self._load(self.secret.read(secret)) for secret in secrets]
        encoding = self.encoding

        def matches(content: bytes, signatures: Sequence[bytes], _timestamp: str | None) -> bool:
            for text in signatures:
                try:
                    signature = decode(text, encoding)
                except ValueError:
                    continue
                for verify in verifying:
                    try:
                        verify(signature, content)
                    except InvalidSignature:
                        continue
                    return True
            return False

        return matches

    def sign(self, content: bytes, secret: bytes, timestamp: str | None) -> NoReturn:
        """Raise `ValueError`: the private key is the sender's."""
        raise ValueError("only its sender can sign: what is set here is a public key")

    def _load(self, key: bytes) -> Verify:
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519  # noqa: PLC0415 - as above
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - as above

        if self.kind == "ed25519" and len(key) == ED25519_KEY_BYTES:
            return ed25519.Ed25519PublicKey.from_public_bytes(key).verify
        loaded = _load_structure(key)
        if self.kind == "ed25519" and isinstance(loaded, ed25519.Ed25519PublicKey):
            return loaded.verify
        if (
            self.kind == "ecdsa"
            and isinstance(loaded, ec.EllipticCurvePublicKey)
            and isinstance(loaded.curve, ec.SECP256R1)
        ):
            algorithm = ec.ECDSA(SHA256())
            return lambda signature, content: loaded.verify(signature, content, algorithm)
        raise ValueError(f"it is no public key for {'Ed25519' if self.kind == 'ed25519' else 'ECDSA over P-256'}")


def _load_structure(key: bytes) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - as above
        load_der_public_key,
        load_pem_public_key,
    )

    try:
        return load_pem_public_key(key) if key.startswith(b"-----BEGIN") else load_der_public_key(key)
    except (ValueError, UnsupportedAlgorithm):
        # Not chained: somebody may have set the private key, and the cause may show it.
        raise ValueError("it is no public key") from None
