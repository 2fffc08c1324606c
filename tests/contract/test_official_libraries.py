"""Providers' own libraries: what they sign the catalogue takes, what it signs they take, and neither takes it altered.

Some of them read the clock, so all is signed at the present time. Where a library takes what the bridge refuses, a
test says both.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import parse_qsl

import discord_interactions
import pytest
import standardwebhooks
import stripe
import svix.webhooks
from Adyen.util import generate_notification_sig, is_valid_hmac_notification
from linebot.v3.webhook import SignatureValidator
from sendgrid.helpers.eventwebhook import EventWebhook
from slack_sdk.signature import SignatureVerifier
from square.utils.webhooks_helper import verify_signature
from support.providers import PUBLIC_URL, Delivery, configured, prove, read_sample
from support.receiving import receive, sign_sample
from twilio.request_validator import RequestValidator

from bridge.errors import SenderError

REFUSALS = (stripe.SignatureVerificationError, svix.webhooks.WebhookVerificationError)
"""What those libraries raise that do not answer False; Svix's is that of Standard Webhooks."""
TWILIO_URL = f"{PUBLIC_URL}/hooks/twilio"
MAC = "<mac>"
"""Where a sample's signature stands in its body."""


class Library(NamedTuple):
    """One provider's library.

    `verify` takes the secret, the body, and the headers by lower-case names. `sign`, where the library can, takes
    the secret, the body and the time, and gives what proves it, by header or as `MAC`. `altered` is a text of the
    sample's body that is signed, and another.
    """

    altered: tuple[str, str]
    verify: Callable[[str, str, Mapping[str, str]], object]
    sign: Callable[[str, str, datetime], Mapping[str, str]] | None = None


def sign_stripe(secret: str, body: str, now: datetime) -> Mapping[str, str]:
    """Sign as Stripe's library does."""
    header = stripe.WebhookSignature.generate_signature_header(body, secret, int(now.timestamp()))
    return {"Stripe-Signature": header}


def sign_svix(secret: str, body: str, now: datetime) -> Mapping[str, str]:
    """Sign as Svix's library does."""
    signature = svix.webhooks.Webhook(secret).sign(read_sample("svix").headers["svix-id"], now, body)
    return {"svix-timestamp": str(int(now.timestamp())), "svix-signature": signature}


def verify_svix(secret: str, body: str, headers: Mapping[str, str]) -> bool:
    """Verify as Svix's library does, which raises or says nothing."""
    svix.webhooks.Webhook(secret).verify(body, dict(headers))
    return True


def sign_standard(secret: str, body: str, now: datetime) -> Mapping[str, str]:
    """Sign as the library of Standard Webhooks does."""
    message = read_sample("standard-webhooks").headers["webhook-id"]
    signature = standardwebhooks.Webhook(secret).sign(message, now, body)
    return {"webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}


def sign_slack(secret: str, body: str, now: datetime) -> Mapping[str, str]:
    """Sign as Slack's library does."""
    time = str(int(now.timestamp()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=time, body=body)
    return {"X-Slack-Request-Timestamp": time, "X-Slack-Signature": str(signature)}


def sign_twilio(secret: str, body: str, _: datetime) -> Mapping[str, str]:
    """Sign as Twilio's library does."""
    return {"X-Twilio-Signature": RequestValidator(secret).compute_signature(TWILIO_URL, dict(parse_qsl(body)))}


def sign_adyen(secret: str, body: str, _: datetime) -> Mapping[str, str]:
    """Sign as Adyen's library does: one item."""
    item = json.loads(body)["notificationItems"][0]["NotificationRequestItem"]
    return {MAC: generate_notification_sig(item, secret).decode()}


LIBRARIES = {
    "stripe": Library(
        ("4200", "4300"),
        lambda secret, body, headers: stripe.WebhookSignature.verify_header(
            body, headers["stripe-signature"], secret, tolerance=300
        ),
        sign_stripe,
    ),
    "svix": Library(
        ("inv_1", "inv_2"),
        verify_svix,
        sign_svix,
    ),
    "standard-webhooks": Library(
        ("created", "deleted"),
        lambda secret, body, headers: standardwebhooks.Webhook(secret).verify(body, dict(headers)) == json.loads(body),
        sign_standard,
    ),
    "slack": Library(
        ("hello", "hallo"),
        lambda secret, body, headers: SignatureVerifier(secret).is_valid_request(body, dict(headers)),
        sign_slack,
    ),
    "twilio": Library(
        ("MessageStatus=delivered", "MessageStatus=failed"),
        lambda secret, body, headers: RequestValidator(secret).validate(
            TWILIO_URL, dict(parse_qsl(body)), headers["x-twilio-signature"]
        ),
        sign_twilio,
    ),
    "adyen": Library(
        ("1130", "1131"),
        lambda secret, body, _: is_valid_hmac_notification(json.loads(body), secret),
        sign_adyen,
    ),
    "discord": Library(
        ("8217", "8218"),
        lambda key, body, headers: discord_interactions.verify_key(
            body.encode(), headers["x-signature-ed25519"], headers["x-signature-timestamp"], key
        ),
    ),
    "sendgrid": Library(
        ("open", "click"),
        lambda key, body, headers: EventWebhook(key).verify_signature(
            body,
            headers["x-twilio-email-event-webhook-signature"],
            headers["x-twilio-email-event-webhook-timestamp"],
        ),
    ),
    "square": Library(
        ("APPROVED", "CANCELED"),
        lambda secret, body, headers: verify_signature(
            request_body=body,
            signature_header=headers["x-square-hmacsha256-signature"],
            signature_key=secret,
            notification_url=f"{PUBLIC_URL}/hooks/square",
        ),
    ),
    "line": Library(
        ("Hello", "Hallo"),
        lambda secret, body, headers: SignatureValidator(secret).validate(body, headers["x-line-signature"]),
    ),
}
PROVED = [
    *[(name, "library") for name, library in LIBRARIES.items() if library.sign is not None],
    *[(name, "bridge") for name in LIBRARIES if not read_sample(name).proof.has_key_pair],
    *[(name, "rule") for name in LIBRARIES],
]
"""Who proves a provider's sample: its library, the bridge, or the sample's rule, which alone has private keys."""


def proved(name: str, prover: str, now: datetime) -> Delivery:
    """Give a provider's sample as one of them would send it."""
    sample = read_sample(name)
    if prover == "bridge":
        return sign_sample(name, now)
    if prover == "rule":
        return prove(name, sample, now=now).delivery
    sign = LIBRARIES[name].sign
    assert sign is not None
    headers = {**sample.headers, **sign(configured(sample), sample.body, now)}
    body = sample.body.replace(MAC, headers.pop(MAC, ""))
    return Delivery(tuple(headers.items()), sample.query, body.encode())


def answers(name: str, delivery: Delivery, now: datetime) -> tuple[str, str]:
    """Ask a provider's library and the catalogue: "taken", or "refused" and the catalogue's reason."""
    return ask_library(name, delivery), ask_bridge(name, delivery, now)


def ask_library(name: str, delivery: Delivery) -> str:
    """Verify by a provider's library, at the time that it is."""
    headers = {header.lower(): value for header, value in delivery.headers}
    try:
        is_taken = LIBRARIES[name].verify(configured(read_sample(name)), delivery.body.decode(), headers)
    except REFUSALS:
        return "refused"
    return "taken" if is_taken else "refused"


def ask_bridge(name: str, delivery: Delivery, now: datetime) -> str:
    """Verify by the catalogue."""
    try:
        receive(name, delivery, now)
    except SenderError as refused:
        return refused.code
    return "taken"


@pytest.mark.parametrize(("name", "prover"), PROVED)
def test_both_take_what_is_proved_and_refuse_it_altered(name: str, prover: str) -> None:
    """Whoever proves it."""
    now = datetime.now(UTC)
    delivery = proved(name, prover, now)
    altered = delivery._replace(body=delivery.replace(*LIBRARIES[name].altered).body)
    assert altered != delivery
    assert answers(name, delivery, now) == ("taken", "taken")
    assert answers(name, altered, now) == ("refused", "bad_signature")


def sent(name: str, now: datetime, *, mac: str = "{}", time: str = "{}") -> Delivery:
    """Give a provider's sample as it is sent at a time, with its signature or that time written otherwise."""
    delivery, signature, at = prove(name, read_sample(name), now=now)
    rewritten = delivery.replace(signature, mac.format(signature))
    return delivery._replace(headers=rewritten.replace(at, time.format(at)).headers)


def with_a_forged_item(now: datetime) -> Delivery:
    """Give Adyen's genuine item, and behind it the same with another amount."""
    genuine = prove("adyen", read_sample("adyen"), now=now).delivery
    body = json.loads(genuine.body)
    forged = json.loads(genuine.body.replace(b"1130", b"1131"))["notificationItems"]
    return genuine._replace(body=json.dumps({**body, "notificationItems": body["notificationItems"] + forged}).encode())


def signed_for_a_port(now: datetime) -> Delivery:
    """Give Twilio's sample signed for the same address with its port written out."""
    sample = read_sample("twilio")
    rule = sample.proof.over.replace("{url}", TWILIO_URL.replace(PUBLIC_URL, f"{PUBLIC_URL}:443"))
    return prove("twilio", sample, now=now, over=rule).delivery


DAY = timedelta(days=1)
LAXER: dict[str, tuple[str, Callable[[datetime], Delivery], str]] = {
    "a time to come": ("stripe", lambda now: sent("stripe", now + DAY), "future_timestamp"),
    "a time of yesterday": ("discord", lambda now: sent("discord", now - DAY), "stale_timestamp"),
    "a time older than any repetition": ("sendgrid", lambda now: sent("sendgrid", now - 2 * DAY), "stale_timestamp"),
    "a time but for its fraction": ("svix", lambda now: sent("svix", now, time="{}.5"), "bad_signature"),
    "junk behind the padding": (
        "standard-webhooks",
        lambda now: sent("standard-webhooks", now, mac="{}junk"),
        "bad_signature",
    ),
    "junk in base64": ("sendgrid", lambda now: sent("sendgrid", now, mac="!{}"), "bad_signature"),
    "a forged item behind a genuine one": ("adyen", with_a_forged_item, "bad_signature"),
    "the same address with its port": ("twilio", signed_for_a_port, "bad_signature"),
}
"""What a library takes and the bridge refuses: the provider, its delivery at a time, and the bridge's reason."""


@pytest.mark.parametrize("what", LAXER)
def test_the_bridge_is_stricter_than_the_library(what: str) -> None:
    """By design, so that nobody takes it for a slip."""
    name, make, reason = LAXER[what]
    now = datetime.now(UTC)
    assert answers(name, make(now), now) == ("taken", reason)


def test_a_json_body_of_twilio_is_proved_by_its_hash() -> None:
    """Which stands in the signed address."""
    validator, now = RequestValidator(configured(read_sample("twilio"))), datetime.now(UTC)
    body = b'{"MessageSid":"SM1f0e","SmsStatus":"delivered","AccountSid":"AC2a3b"}'
    query = f"bodySHA256={sha256(body).hexdigest()}"
    signature = validator.compute_signature(f"{TWILIO_URL}?{query}", {})
    headers = (("Content-Type", "application/json"), ("X-Twilio-Signature", signature))
    genuine = Delivery(headers, query, body)
    altered = genuine._replace(body=body.replace(b"delivered", b"failed"))
    for delivery, answer in (genuine, "taken"), (altered, "bad_signature"):
        assert validator.validate(f"{TWILIO_URL}?{query}", delivery.body.decode(), signature) == (answer == "taken")
        assert ask_bridge("twilio", delivery, now) == answer
