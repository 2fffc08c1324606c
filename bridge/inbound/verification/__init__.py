"""How senders prove who they are: schemes as data, and the verifiers that they give. Pure: no clock, no I/O."""

from bridge.inbound.verification.scheme import (
    DEFAULT_TOLERANCE_S,
    Scheme,
    Unverified,
    Verified,
    Verifier,
    verify,
)

__all__ = ["DEFAULT_TOLERANCE_S", "Scheme", "Unverified", "Verified", "Verifier", "verify"]
