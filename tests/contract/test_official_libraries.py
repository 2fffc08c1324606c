"""Providers' own libraries: what they sign the catalogue takes, what it signs they take, and neither takes it altered.

Some of them read the clock, so all is signed at the present time. Where a library takes what the bridge refuses, a
test says both.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
import standardwebhooks
import stripe
import svix.webhooks
from support.providers import PUBLIC_URL, Delivery, configured, prove, read_sample
from support.receiving import receive, sign_sample

from bridge.errors import SenderError

REFUSALS = (stripe.SignatureVerificationError, svix.webhooks.WebhookVerificationError)
"""What those libraries raise that do not answer False; Svix's is that of Standard Webhooks."""
TWILIO_URL = f"{PUBLIC_URL}/hooks/twilio"


class Library(NamedTuple):
    """One provider's library.

    `verify` takes the secret, the body, and the headers by lower-case names. `sign`, where the library can, takes
    the secret, the body and the time, and gives the headers that prove it. `altered` is a text of the sample's body
    that is signed, and another.
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
    return Delivery(tuple(headers.items()), sample.query, sample.body.encode())


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
