"""What each provider of the catalogue sends, and how its own pages say that it is proved: tests/providers/*.yaml.

A sample states the rule of the proof once more, in the words of the provider's documentation, and here
the proof is computed by that statement alone. So a slip in the catalogue does not sign and verify alike. What the
keys of a sample mean stands in docs/adding-a-provider.md.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bridge.located import parse_yaml

FOLDER = Path(__file__).resolve().parents[1] / "providers"
PUBLIC_URL = "https://bridge.example"
NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
SECRET = hashlib.sha256(b"a secret of the tests").hexdigest()
OTHER_SECRET = hashlib.sha256(b"another one").hexdigest()
"""Texts that are hex and base64 as well."""

_PLACEHOLDER = re.compile(r"\{(\w+)(?::([^{}]+))?\}")
_ENCODINGS: Mapping[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "base64": lambda digest: base64.b64encode(digest).decode(),
    "base64url": lambda digest: base64.urlsafe_b64encode(digest).decode().rstrip("="),
}
_TIMES: Mapping[str, Callable[[datetime], str]] = {
    "unix_s": lambda at: str(round(at.timestamp())),
    "unix_ms": lambda at: str(round(at.timestamp() * 1000)),
    "iso8601": lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"),
}
_STRICT = ConfigDict(extra="forbid", frozen=True)


class Expected(BaseModel):
    """What the bridge must read out of it; None for an id or a time that it has not."""

    model_config = _STRICT

    type: str
    id: str | None = None
    at: AwareDatetime | None = None


class Proof(BaseModel):
    """The rule by which the provider proves itself, restated."""

    model_config = _STRICT

    docs: str = Field("", pattern="^(https://|$)")
    headers: dict[str, str] = {}
    query: str = ""
    mac: str = Field(
        "", pattern=r"^((hmac-(sha1|sha256|sha512)|ed25519|ecdsa) (hex|base64|base64url)|jwt HS(256|512))?$"
    )
    over: str = ""
    time: Literal["unix_s", "unix_ms", "iso8601", ""] = ""
    secret: str = "{secret}"
    key: str = "{configured}"
    among: bool = False

    @property
    def has_key_pair(self) -> bool:
        """Tell whether the sender keeps the key that signs, and what is set is a public key."""
        return self.mac.startswith(("ed25519 ", "ecdsa "))

    @property
    def is_token(self) -> bool:
        """Tell whether a JSON Web Token proves it, whose claims are what is signed."""
        return self.mac.startswith("jwt ")

    @property
    def signs_body(self) -> bool:
        """Tell whether the body can not be altered."""
        return "{body" in self.over or "{sorted_form}" in self.over

    @property
    def signs_time(self) -> bool:
        """Tell whether an old delivery can be told from a new one."""
        return bool(self.time)


class Sample(BaseModel):
    """One delivery of a provider."""

    model_config = _STRICT

    headers: dict[str, str] = {}
    query: str = ""
    body: str = Field(min_length=1)
    events: list[Expected] = Field(min_length=1)
    proof: Proof


class Delivery(NamedTuple):
    """One request as it is sent."""

    headers: tuple[tuple[str, str], ...]
    query: str
    body: bytes

    def replace(self, old: str, new: str) -> "Delivery":
        """Write another text wherever one stands."""
        headers = tuple((name, value.replace(old, new)) for name, value in self.headers)
        return Delivery(headers, self.query.replace(old, new), self.body.replace(old.encode(), new.encode()))


class Proved(NamedTuple):
    """A delivery with its proof, and the texts in it that prove."""

    delivery: Delivery
    mac: str
    time: str


def sample_names() -> list[str]:
    """Name the providers that have a sample."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@lru_cache
def read_sample(name: str) -> Sample:
    """Read a provider's sample."""
    path = FOLDER / f"{name}.yaml"
    return Sample.model_validate(parse_yaml(path.name, path.read_bytes()).plain())


def configured(sample: Sample, secret: str = SECRET) -> str:
    """Give the secret as a user would set it."""
    text = _public_key(sample.proof, secret) if sample.proof.has_key_pair else secret
    return sample.proof.secret.replace("{secret}", text)


def prove(name: str, sample: Sample, *, secret: str = SECRET, now: datetime = NOW, **changed: str) -> Proved:
    """Send a sample as its provider would at a time; `changed` replaces parts of the rule."""
    proof = sample.proof.model_copy(update=changed)
    time = _TIMES[proof.time](now) if proof.time else ""
    filler = _Filler(name, sample, configured(sample, secret), secret, time)
    filler.texts["expiry"] = str(round(now.timestamp()) + 300).encode()
    mac = filler.mac(proof) if proof.mac else _credential(proof, filler)
    filler.texts["mac"] = mac.encode()
    body = sample.body.replace("<mac>", mac).replace("<time>", time)
    headers = {**sample.headers, **{header: filler.text(value) for header, value in proof.headers.items()}}
    query = "&".join(filter(None, [sample.query, filler.text(proof.query)]))
    return Proved(Delivery(tuple(headers.items()), query, body.encode()), mac, time)


def _public_key(proof: Proof, secret: str) -> str:
    """Write the public key of a pair: the bare one of Ed25519 in hex, or SPKI in base64."""
    if proof.mac.startswith("ed25519"):
        return _ed25519(secret).public_key().public_bytes_raw().hex()
    spki = _p256(secret).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(spki).decode()


def _sign(algorithm: str, secret: str, content: bytes) -> bytes:
    if algorithm == "ed25519":
        return _ed25519(secret).sign(content)
    return _p256(secret).sign(content, ec.ECDSA(SHA256(), deterministic_signing=True))


def _ed25519(secret: str) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))


def _p256(secret: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int(secret, 16), ec.SECP256R1())


def _credential(proof: Proof, filler: "_Filler") -> str:
    """Give the text that proves where nothing is signed: the secret, as it is sent."""
    sent = " ".join([*proof.headers.values(), proof.query])
    return filler.text("{secret_base64}" if "{secret_base64}" in sent else "{configured}")


class _Filler:
    """Fills in templates with what one delivery has."""

    def __init__(self, name: str, sample: Sample, configured_secret: str, secret: str, time: str) -> None:
        self._sample = sample
        self._time = time
        self.texts = {
            "body": sample.body.replace("<time>", time).encode(),
            "time": time.encode(),
            "configured": configured_secret.encode(),
            "secret": secret.encode(),
            "secret_base64": base64.b64encode(configured_secret.encode()),
            "url": f"{PUBLIC_URL}/hooks/{name}".encode(),
            "path": f"/hooks/{name}".encode(),
            "method": b"POST",
        }

    def mac(self, proof: Proof) -> str:
        if proof.is_token:
            return self._token(proof.mac.removeprefix("jwt "), self.fill(proof.over), self._key(proof.key))
        algorithm, encoding = proof.mac.removeprefix("hmac-").split(" ")
        content = self.fill(proof.over)
        if proof.has_key_pair:
            return _ENCODINGS[encoding](_sign(algorithm, self.texts["secret"].decode(), content))
        # A key pair's public key, which everyone knows, is a forger's key.
        key = self.texts["configured"] if self._sample.proof.has_key_pair else self._key(proof.key)
        return _ENCODINGS[encoding](hmac.new(key, content, algorithm).digest())

    def _token(self, algorithm: str, claims: bytes, key: bytes) -> str:
        """Write a JSON Web Token."""
        write = _ENCODINGS["base64url"]
        signed = f"{write(json.dumps({'alg': algorithm, 'typ': 'JWT'}).encode())}.{write(claims)}"
        return f"{signed}.{write(hmac.digest(key, signed.encode(), algorithm.replace('HS', 'sha')))}"

    def _key(self, rule: str) -> bytes:
        if rule == "base64":
            return base64.b64decode(self.texts["secret"])
        if rule == "hex":
            return bytes.fromhex(self.texts["secret"].decode())
        return self.fill(rule)

    def text(self, template: str) -> str:
        return self.fill(template).decode()

    def fill(self, template: str) -> bytes:
        pieces = _PLACEHOLDER.split(template)
        filled = [pieces[0].encode()]
        for word, argument, literal in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
            filled += [self._value(word, argument), literal.encode()]
        return b"".join(filled)

    def _value(self, word: str, argument: str | None) -> bytes:
        if word == "header" and argument:
            value = {name.lower(): value for name, value in self._sample.headers.items()}[argument.lower()]
            return value.encode()
        if word == "json" and argument:
            found: Any = json.loads(self.texts["body"])
            for key in argument.split("."):
                found = found[int(key) if isinstance(found, list) else key]
            return str(found).encode()
        if word == "body_sha256":
            return hashlib.sha256(self.texts["body"]).hexdigest().encode()
        if word == "body_sha256_base64":
            return base64.b64encode(hashlib.sha256(self.texts["body"]).digest())
        if word == "sorted_form":
            fields = parse_qsl(self.texts["body"].decode(), keep_blank_values=True)
            return "".join(key + value for key, value in sorted(fields)).encode()
        return self.texts[word]
