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
    """Write a form."""
    return "&".join(f"{quote(name)}={quote(value)}" for name, value in fields.items()).encode()


def github(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign the body, as GitHub does."""
    body = dumped(fields)
    return Sent(body, {**JSON, "x-sig": "sha256=" + mac(secret, body).hex()})


def sha512(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign the body by another algorithm, with padding."""
    body = dumped(fields)
    return Sent(body, {**JSON, "x-sig": base64.urlsafe_b64encode(mac(secret, body, "sha512")).decode()})


def stripe(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign the time, a dot and the body; an element of another kind comes first, as with Stripe."""
    body, at = dumped(fields), seconds(now)
    return Sent(body, {**JSON, "x-sig": f"t={at},v0=00,v1={mac(secret, at.encode() + b'.' + body).hex()}"})


def workos(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Do the same in milliseconds, with a blank between the elements, as WorkOS does."""
    body, at = dumped(fields), milliseconds(now)
    return Sent(body, {**JSON, "x-sig": f"t={at}, v1={mac(secret, at.encode() + b'.' + body).hex()}"})


def paddle(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign with two keys, of which the second counts, as Paddle does while a secret is changed."""
    body, at = dumped(fields), seconds(now)
    good = mac(secret, at.encode() + b":" + body).hex()
    return Sent(body, {**JSON, "x-sig": f"ts={at};h1={'0' * 64};h1={good}"})


def sanity(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign without padding, as Sanity does."""
    body, at = dumped(fields), milliseconds(now)
    good = base64.urlsafe_b64encode(mac(secret, f"{at}.".encode() + body)).decode().rstrip("=")
    return Sent(body, {**JSON, "x-sig": f"t={at},v1={good}"})


def supabase(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as Standard Webhooks has it, by a secret with two prefixes, as Supabase does."""
    body, at = dumped(fields), seconds(now)
    key = base64.b64decode(secret.removeprefix(b"v1,whsec_"))
    good = b64(mac(key, f"msg_1.{at}.".encode() + body))
    return Sent(body, {**JSON, "webhook-id": "msg_1", "webhook-timestamp": at, "x-sig": f"v1a,xx v1,{good}"})


def slack(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign version, time and body, as Slack does."""
    body, at = dumped(fields), seconds(now)
    return Sent(body, {**JSON, "x-time": at, "x-sig": "v0=" + mac(secret, f"v0:{at}:".encode() + body).hex()})


def twitch(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign id, time and body, as Twitch does."""
    body, at = dumped(fields), nanoseconds(now)
    good = mac(secret, b"m-1" + at.encode() + body).hex()
    return Sent(body, {**JSON, "x-id": "m-1", "x-time": at, "x-sig": "sha256=" + good})


def docusign(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign with several keys, each in a header of its own number, as DocuSign does."""
    body = dumped(fields)
    return Sent(body, {**JSON, "x-sig-1": b64(b"another key's".ljust(32)), "x-sig-7": b64(mac(secret, body))})


def box(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign body and time, in the second of two headers, as Box does."""
    body, at = dumped(fields), now.isoformat()
    return Sent(body, {**JSON, "x-time": at, "x-second": b64(mac(secret, body + at.encode()))})


def pandadoc(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign the body in the query string, as PandaDoc does."""
    body = dumped(fields)
    return Sent(body, {**JSON}, f"v=1&signature={mac(secret, body).hex()}".encode())


def trello(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign the body and the address with its query, as Trello does."""
    body, query = dumped(fields), b"board=%20a"
    return Sent(body, {**JSON, "x-sig": b64(mac(secret, body + f"{URL}?".encode() + query, "sha1"))}, query)


def square(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign the address and the body, as Square does."""
    body = dumped(fields)
    return Sent(body, {**JSON, "x-sig": b64(mac(secret, URL.encode() + body))})


def hubspot(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign method, address with some escapes undone, body and time, as HubSpot does."""
    body, at = dumped(fields), milliseconds(now)
    content = f"POST{URL}?a=b/c@d%20e".encode() + body + at.encode()
    return Sent(body, {**JSON, "x-time": at, "x-sig": b64(mac(secret, content))}, b"a=b%2Fc%40d%20e")


def contentful(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign the headers that one of them lists, as Contentful does."""
    body, at = dumped(fields), milliseconds(now)
    listed = f"x-list:x-topic,x-list,x-time;x-time:{at};x-topic:Entry.publish"
    content = f"POST\n/in/hooks/plant\n{listed}\n{body.decode()}"
    headers = {"x-list": "x-topic,x-list,x-time", "x-time": at, "x-topic": "Entry.publish"}
    return Sent(body, {**JSON, **headers, "x-sig": mac(secret, content.encode()).hex()})


def linear(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign a body that holds the time, as Linear does."""
    body = dumped({**fields, "webhookTimestamp": int(milliseconds(now))})
    return Sent(body, {**JSON, "x-sig": mac(secret, body).hex()})


def gitguardian(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign by a key that begins with the time, as GitGuardian does."""
    body, at = dumped(fields), seconds(now)
    return Sent(body, {**JSON, "timestamp": at, "x-sig": "sha256=" + mac(at.encode() + secret, body).hex()})


def twilio(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign the address and the sorted fields of a form, as Twilio does."""
    body = form(fields)
    joined = "".join(name + value for name, value in sorted(parse_qsl(body.decode(), keep_blank_values=True)))
    return Sent(body, {**FORM, "x-sig": b64(mac(secret, (URL + joined).encode(), "sha1"))})


def twilio_json(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign the address, whose query holds the hash of a JSON body, as Twilio does."""
    body = dumped(fields)
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}".encode()
    return Sent(body, {**JSON, "x-sig": b64(mac(secret, f"{URL}?".encode() + query, "sha1"))}, query)


def hashed(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign the method and the hash of the body."""
    body = dumped(fields)
    content = f"POST {hashlib.sha256(body).hexdigest()}".encode()
    return Sent(body, {**JSON, "x-sig": mac(secret, content).hex()})


def mailgun(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign two values beside the event, as Mailgun does."""
    at, token = seconds(now), hashlib.sha256(dumped(fields)).hexdigest()
    signature = {"timestamp": at, "token": token, "signature": mac(secret, (at + token).encode()).hex()}
    return Sent(dumped({"signature": signature, "event-data": fields}), {**JSON})


def adyen(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Sign some values of each of three items, as Adyen does."""
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
    """Sign by Ed25519, as Discord does."""
    key = ED_KEY if secret == raw_hex(ED_KEY) else OTHER_ED
    body, at = dumped(fields), seconds(now)
    return Sent(body, {**JSON, "x-time": at, "x-sig": key.sign(at.encode() + body).hex()})


def sendgrid(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign by ECDSA, as SendGrid does."""
    key = EC_KEY if secret == spki(EC_KEY) else OTHER_EC
    body, at = dumped(fields), seconds(now)
    return Sent(body, {**JSON, "x-time": at, "x-sig": b64(key.sign(at.encode() + body, ec.ECDSA(SHA256())))})


def standard_asymmetric(fields: dict[str, str], now: datetime, secret: bytes) -> Sent:
    """Sign as Standard Webhooks has it for Ed25519."""
    key = ED_KEY if secret == whpk(ED_KEY) else OTHER_ED
    body, at = dumped(fields), seconds(now)
    good = b64(key.sign(f"msg_1.{at}.".encode() + body))
    return Sent(body, {**JSON, "webhook-id": "msg_1", "webhook-timestamp": at, "x-sig": f"v1,xx v1a,{good}"})


def header_token(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Send the secret in a header."""
    return Sent(dumped(fields), {**JSON, "x-token": f"Token {secret.decode()}"})


def query_token(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Send the secret in the query string."""
    return Sent(dumped(fields), {**JSON}, f"a=1&auth_token={quote(secret.decode(), safe='')}".encode())


def graph(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Send the secret in each of three items, as Microsoft Graph does."""
    items = [{"clientState": secret.decode(), "resource": fields} for _ in range(3)]
    return Sent(dumped({"value": items}), {**JSON})


def bearer(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Send the secret as a bearer token."""
    return Sent(dumped(fields), {**JSON, "authorization": f"Bearer {secret.decode()}"})


def basic(fields: dict[str, str], _now: datetime, secret: bytes) -> Sent:
    """Send the secret as user and password."""
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
