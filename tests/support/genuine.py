"""Genuine requests, signed by hand as their senders do: an oracle that knows nothing of the bridge's schemes."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qsl, quote

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PUBLIC_URL = "https://hooks.example/in"
URL = f"{PUBLIC_URL}/hooks/plant"
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
OTHER = b"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
SECRET = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
HEX_SECRET, OTHER_HEX = b"44782DEF547AAA06C910C43932B1EB0C", b"55782DEF547AAA06C910C43932B1EB0C"
ED_KEY, OTHER_ED = (ed25519.Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32) for seed in (1, 2))
EC_KEY, OTHER_EC = (ec.derive_private_key(seed, ec.SECP256R1()) for seed in (11, 12))


class Sent(NamedTuple):
    """A request as it is sent."""

    body: bytes
    headers: dict[str, str]
    query: bytes = b""


Sign = Callable[[dict[str, str], datetime, bytes], Sent]
"""Takes the fields of a flat payload, the instant and the secret; gives what is sent."""


def mac(key: bytes, content: bytes, algorithm: str = "sha256") -> bytes:
    """Compute an HMAC."""
    return hmac.new(key, content, algorithm).digest()


def b64(data: bytes) -> str:
    """Write as base64."""
    return base64.b64encode(data).decode()


def seconds(now: datetime) -> str:
    """Write as unix seconds."""
    return str(int(now.timestamp()))


def milliseconds(now: datetime) -> str:
    """Write as unix milliseconds."""
    return str(int(now.timestamp()) * 1000 + 7)


def nanoseconds(now: datetime) -> str:
    """Write as ISO 8601 with nine digits behind the point."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") + ".123456789Z"


def dumped(payload: object) -> bytes:
    """Write JSON as many senders do: with blanks, and not sorted."""
    return json.dumps(payload).encode()


def form(fields: dict[str, str]) -> bytes:
    """Sign as form does."""
    """Write a form."""
    return "&".join(f"{quote(name)}={quote(value)}" for name, value in fields.items()).encode()


def github(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign as github does."""
    body = dumped(fields)
    return Sent(body, {**JSON, "x-sig": "sha256=" + mac(secret, body).hex()})


def sha512(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign as sha512 does."""
    body = dumped(fields)
    return Sent(body, {**JSON, "x-sig": base64.urlsafe_b64encode(mac(secret, body, "sha512")).decode()})


def stripe(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as stripe does."""
    body, at = dumped(fields), seconds(now)
    return Sent(body, {**JSON, "x-sig": f"t={at},v0=00,v1={mac(secret, at.encode() + b'.' + body).hex()}"})


def workos(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as workos does."""
    body, at = dumped(fields), milliseconds(now)
    return Sent(body, {**JSON, "x-sig": f"t={at}, v1={mac(secret, at.encode() + b'.' + body).hex()}"})


def paddle(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as paddle does."""
    body, at = dumped(fields), seconds(now)
    good = mac(secret, at.encode() + b":" + body).hex()
    return Sent(body, {**JSON, "x-sig": f"ts={at};h1={'0' * 64};h1={good}"})


def sanity(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as sanity does."""
    body, at = dumped(fields), milliseconds(now)
    good = base64.urlsafe_b64encode(mac(secret, f"{at}.".encode() + body)).decode().rstrip("=")
    return Sent(body, {**JSON, "x-sig": f"t={at},v1={good}"})


def supabase(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as supabase does."""
    body, at = dumped(fields), seconds(now)
    key = base64.b64decode(secret.removeprefix(b"v1,whsec_"))
    good = b64(mac(key, f"msg_1.{at}.".encode() + body))
    return Sent(body, {**JSON, "webhook-id": "msg_1", "webhook-timestamp": at, "x-sig": f"v1a,xx v1,{good}"})


def slack(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as slack does."""
    body, at = dumped(fields), seconds(now)
    return Sent(body, {**JSON, "x-time": at, "x-sig": "v0=" + mac(secret, f"v0:{at}:".encode() + body).hex()})


def twitch(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as twitch does."""
    body, at = dumped(fields), nanoseconds(now)
    good = mac(secret, b"m-1" + at.encode() + body).hex()
    return Sent(body, {**JSON, "x-id": "m-1", "x-time": at, "x-sig": "sha256=" + good})


def docusign(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign as docusign does."""
    body = dumped(fields)
    return Sent(body, {**JSON, "x-sig-1": b64(b"another key's".ljust(32)), "x-sig-7": b64(mac(secret, body))})


def box(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as box does."""
    body, at = dumped(fields), now.isoformat()
    return Sent(body, {**JSON, "x-time": at, "x-second": b64(mac(secret, body + at.encode()))})


def pandadoc(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign as pandadoc does."""
    body = dumped(fields)
    return Sent(body, {**JSON}, f"v=1&signature={mac(secret, body).hex()}".encode())


def trello(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign as trello does."""
    body, query = dumped(fields), b"board=%20a"
    return Sent(body, {**JSON, "x-sig": b64(mac(secret, body + f"{URL}?".encode() + query, "sha1"))}, query)


def square(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign as square does."""
    body = dumped(fields)
    return Sent(body, {**JSON, "x-sig": b64(mac(secret, URL.encode() + body))})


def hubspot(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as hubspot does."""
    body, at = dumped(fields), milliseconds(now)
    content = f"POST{URL}?a=b/c@d%20e".encode() + body + at.encode()
    return Sent(body, {**JSON, "x-time": at, "x-sig": b64(mac(secret, content))}, b"a=b%2Fc%40d%20e")


def contentful(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as contentful does."""
    body, at = dumped(fields), milliseconds(now)
    listed = f"x-list:x-topic,x-list,x-time;x-time:{at};x-topic:Entry.publish"
    content = f"POST\n/in/hooks/plant\n{listed}\n{body.decode()}"
    headers = {"x-list": "x-topic,x-list,x-time", "x-time": at, "x-topic": "Entry.publish"}
    return Sent(body, {**JSON, **headers, "x-sig": mac(secret, content.encode()).hex()})


def linear(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as linear does."""
    body = dumped({**fields, "webhookTimestamp": int(milliseconds(now))})
    return Sent(body, {**JSON, "x-sig": mac(secret, body).hex()})


def gitguardian(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as gitguardian does."""
    body, at = dumped(fields), seconds(now)
    return Sent(body, {**JSON, "timestamp": at, "x-sig": "sha256=" + mac(at.encode() + secret, body).hex()})


def twilio(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign as twilio does."""
    body = form(fields)
    joined = "".join(name + value for name, value in sorted(parse_qsl(body.decode(), keep_blank_values=True)))
    return Sent(body, {**FORM, "x-sig": b64(mac(secret, (URL + joined).encode(), "sha1"))})


def twilio_json(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign as twilio json does."""
    body = dumped(fields)
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}".encode()
    return Sent(body, {**JSON, "x-sig": b64(mac(secret, f"{URL}?".encode() + query, "sha1"))}, query)


def hashed(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign as hashed does."""
    body = dumped(fields)
    content = f"POST {hashlib.sha256(body).hexdigest()}".encode()
    return Sent(body, {**JSON, "x-sig": mac(secret, content).hex()})


def mailgun(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as mailgun does."""
    at, token = seconds(now), hashlib.sha256(dumped(fields)).hexdigest()
    signature = {"timestamp": at, "token": token, "signature": mac(secret, (at + token).encode()).hex()}
    return Sent(dumped({"signature": signature, "event-data": fields}), {**JSON})


def adyen(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign as adyen does."""
    items = []
    for number in range(3):
        item = {
            "pspReference": f"psp-{number}",
            "amount": {"value": 100 + number, "currency": "EUR"},
            "success": "true",
        }
        content = f"psp-{number}::{100 + number}:EUR:true".encode()
        signed = {
            **item,
            "additionalData": {**fields, "hmacSignature": b64(mac(bytes.fromhex(secret.decode()), content))},
        }
        items.append({"NotificationRequestItem": signed})
    return Sent(dumped({"live": "false", "notificationItems": items}), {**JSON})


def discord(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as discord does."""
    key = ED_KEY if secret == raw_hex(ED_KEY) else OTHER_ED
    body, at = dumped(fields), seconds(now)
    return Sent(body, {**JSON, "x-time": at, "x-sig": key.sign(at.encode() + body).hex()})


def sendgrid(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as sendgrid does."""
    key = EC_KEY if secret == spki(EC_KEY) else OTHER_EC
    body, at = dumped(fields), seconds(now)
    return Sent(body, {**JSON, "x-time": at, "x-sig": b64(key.sign(at.encode() + body, ec.ECDSA(SHA256())))})


def standard_asymmetric(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as standard asymmetric does."""
    key = ED_KEY if secret == whpk(ED_KEY) else OTHER_ED
    body, at = dumped(fields), seconds(now)
    good = b64(key.sign(f"msg_1.{at}.".encode() + body))
    return Sent(body, {**JSON, "webhook-id": "msg_1", "webhook-timestamp": at, "x-sig": f"v1,xx v1a,{good}"})


def header_token(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign as header token does."""
    return Sent(dumped(fields), {**JSON, "x-token": f"Token {secret.decode()}"})


def query_token(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign as query token does."""
    return Sent(dumped(fields), {**JSON}, f"a=1&auth_token={quote(secret.decode(), safe='')}".encode())


def graph(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign as graph does."""
    items = [{"clientState": secret.decode(), "resource": fields} for _ in range(3)]
    return Sent(dumped({"value": items}), {**JSON})


def bearer(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign as bearer does."""
    return Sent(dumped(fields), {**JSON, "authorization": f"Bearer {secret.decode()}"})


def basic(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign as basic does."""
    return Sent(dumped(fields), {**JSON, "authorization": f"Basic {b64(secret)}"})


def raw_hex(key: ed25519.Ed25519PrivateKey) -> bytes:
    """Write a public key as Discord shows it."""
    return key.public_key().public_bytes_raw().hex().encode()


def whpk(key: ed25519.Ed25519PrivateKey) -> bytes:
    """Write a public key as Standard Webhooks does."""
    return b"whpk_" + base64.b64encode(key.public_key().public_bytes_raw())


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Write a public key as SendGrid shows it."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
