"""Keyed hashes (RFC 2104).

A received signature is never decoded: the one that the sender should have sent is encoded and
the texts are compared in constant time. So padding, junk behind it, case and prefix are exact
without a parser that could be lenient. Every secret is tried with every signature, always.
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bridge.inbound.verification.encodings import ENCODERS
from bridge.inbound.verification.secret_forms import KeyTemplate, SecretForm

ALGORITHMS = ("sha256", "sha1", "sha512")

Matches = Callable[[bytes, Sequence[bytes], str | None], bool]
"""Tells whether any of some signatures is one of the signed bytes, for a timestamp that may be part of the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hmac:
    """An HMAC with one algorithm, written in one encoding."""

    algorithm: str = "sha256"
    encoding: str = "hex"
    secret: SecretForm = field(default_factory=SecretForm)

    can_sign = True

    def bind(self, secrets: tuple[bytes, ...]) -> Matches:
        """Prepare the keys. Raises `ValueError` for a malformed secret."""
        keys = [self.secret.read(secret) for secret in secrets]
        if self.secret.key is not None:
            return self._bind_by_time(keys, self.secret.key)
        # Keyed once and copied for each request. Unlike hmac.digest, a copy keeps the interpreter's lock
        # over a body below 2 KiB: letting it go there costs more than the hash wherever another thread waits.
        keyed = [hmac.new(key, digestmod=self.algorithm) for key in keys]
        encode = ENCODERS[self.encoding]

        def matches(content: bytes, signatures: Sequence[bytes], _timestamp: str | None) -> bool:
            is_genuine = False
            for key in keyed:
                mac = key.copy()
                mac.update(content)
                expected = encode(mac.digest())
                for signature in signatures:
                    is_genuine |= hmac.compare_digest(expected, signature)
            return is_genuine

        return matches

    def _bind_by_time(self, keys: Sequence[bytes], template: KeyTemplate) -> Matches:
        encode, algorithm = ENCODERS[self.encoding], self.algorithm

        def matches(content: bytes, signatures: Sequence[bytes], timestamp: str | None) -> bool:
            is_genuine = False
            for key in keys:
                expected = encode(hmac.digest(template.fill(key, timestamp), content, algorithm))
                for signature in signatures:
                    is_genuine |= hmac.compare_digest(expected, signature)
            return is_genuine

        return matches

    def sign(self, content: bytes, secret: bytes, timestamp: str | None) -> str:
        """Give the signature's text."""
        key = self.secret.read(secret)
        if self.secret.key is not None:
            key = self.secret.key.fill(key, timestamp)
        return ENCODERS[self.encoding](hmac.digest(key, content, self.algorithm)).decode()
