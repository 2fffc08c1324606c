"""How senders prove who they are: schemes as data, and the verifiers that they give. Pure: no clock, no I/O.

scheme.py         what all schemes have in common
credentials.py    tokens and passwords
jwt_scheme.py     JSON Web Tokens, verified by
  jwt_verifier.py   form and signature
  key_sets.py       the keys that a provider publishes
  claims.py         what the token says
signatures.py     signatures, each made of
  places.py         where something stands: headers, the query string, the payload
  elements.py       lists of signatures
  timestamps.py     the signed time
  content.py        what is signed
  secret_forms.py   how a secret becomes a key
  hmacs.py, public_keys.py, encodings.py   the algorithm, and how its signature is written
wanted.py         keys that must be looked up first
"""

from bridge.inbound.verification.scheme import (
    DEFAULT_TOLERANCE_S,
    Scheme,
    Unverified,
    Verified,
    Verifier,
    verify,
)

__all__ = ["DEFAULT_TOLERANCE_S", "Scheme", "Unverified", "Verified", "Verifier", "verify"]
