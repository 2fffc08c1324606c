"""The demo's sample traffic: deliveries in the shapes that the providers document.

Stripe: https://docs.stripe.com/api/events/object and /payment_intents/object, /refunds/object.
GitHub: https://docs.github.com/en/webhooks/webhook-events-and-payloads#push.
Alertmanager: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.events import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook to post. `says` tells a reader what it is about; `headers` are those beside the signature."""

    source: str
    says: str
    payload: dict[str, Json]
    headers: Mapping[str, str] = field(default_factory=dict)


def payment(number: int, *, cents: int, buyer: str, at: datetime) -> Delivery:
    """Build Stripe's `payment_intent.succeeded`."""
    intent: dict[str, Json] = {
        "id": f"pi_demo{number:06d}",
        "object": "payment_intent",
        "amount": cents,
        "amount_received": cents,
        "currency": "eur",
        "created": int(at.timestamp()),
        "description": f"Order {4000 + number}",
        "metadata": {"order": str(4000 + number)},
        "receipt_email": buyer,
        "status": "succeeded",
    }
    says = f"{buyer} pays €{cents / 100:.2f}"
    return _stripe(f"evt_demo_payment{number:06d}", "payment_intent.succeeded", intent, at, says)


def refund(number: int, *, cents: int, at: datetime) -> Delivery:
    """Build Stripe's `refund.created`."""
    body: dict[str, Json] = {
        "id": f"re_demo{number:06d}",
        "object": "refund",
        "amount": cents,
        "currency": "eur",
        "created": int(at.timestamp()),
        "payment_intent": f"pi_demo{number:06d}",
        "reason": "requested_by_customer",
        "status": "succeeded",
    }
    return _stripe(f"evt_demo_refund{number:06d}", "refund.created", body, at, f"€{cents / 100:.2f} goes back")


def push(number: int, *, author: str, messages: list[str], at: datetime) -> Delivery:
    """Build GitHub's `push` to the main branch, one commit per message."""
    commits: list[Json] = [
        {
            "id": _commit_id(number, message),
            "message": message,
            "timestamp": (at - timedelta(minutes=len(messages) - place)).isoformat(),
            "url": f"https://github.example/acme/shop/commit/{_commit_id(number, message)}",
            "author": {"name": author, "email": f"{author.lower()}@acme.example", "username": author.lower()},
            "added": [],
            "removed": [],
            "modified": ["README.md"],
        }
        for place, message in enumerate(messages)
    ]
    payload: dict[str, Json] = {
        "ref": "refs/heads/main",
        "before": _commit_id(number - 1, ""),
        "after": _commit_id(number, messages[-1]),
        "repository": {
            "id": 1296269,
            "name": "shop",
            "full_name": "acme/shop",
            "default_branch": "main",
            "html_url": "https://github.example/acme/shop",
            "pushed_at": int(at.timestamp()),
        },
        "pusher": {"name": author.lower(), "email": f"{author.lower()}@acme.example"},
        "sender": {"login": author.lower(), "type": "User"},
        "forced": False,
        "created": False,
        "deleted": False,
        "compare": "https://github.example/acme/shop/compare",
        "commits": commits,
        "head_commit": commits[-1],
    }
    headers = {"X-GitHub-Event": "push", "X-GitHub-Delivery": f"00000000-0000-4000-8000-{number:012d}"}
    says = f"{author} pushes {len(messages)} commit{'s' if len(messages) > 1 else ''} to acme/shop"
    return Delivery(source="github", says=says, payload=payload, headers=headers)


def alerts(*, firing: Mapping[str, str], resolved: Mapping[str, str], at: datetime) -> Delivery:
    """Build Alertmanager's notification of one team's group; the arguments give each alert's instance and severity."""
    listed: list[Json] = [
        _alert(instance, severity, status, at)
        for status, group in (("firing", firing), ("resolved", resolved))
        for instance, severity in group.items()
    ]
    payload: dict[str, Json] = {
        "version": "4",
        "groupKey": '{}:{team="platform"}',
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": "pinbridge",
        "groupLabels": {"team": "platform"},
        "commonLabels": {"alertname": "HighLatency", "job": "shop", "team": "platform"},
        "commonAnnotations": {},
        "externalURL": "https://alertmanager.example",
        "alerts": listed,
    }
    says = f"HighLatency: {len(firing)} firing, {len(resolved)} resolved"
    return Delivery(source="alertmanager", says=says, payload=payload)


def _commit_id(number: int, message: str) -> str:
    return hashlib.sha1(f"{number} {message}".encode(), usedforsecurity=False).hexdigest()


def _alert(instance: str, severity: str, status: str, at: datetime) -> Json:
    return {
        "status": status,
        "labels": {
            "alertname": "HighLatency",
            "instance": instance,
            "job": "shop",
            "severity": severity,
            "team": "platform",
        },
        "annotations": {"summary": f"{instance} answers slowly"},
        "startsAt": (at - timedelta(minutes=7)).isoformat(),
        "endsAt": at.isoformat() if status == "resolved" else "0001-01-01T00:00:00Z",
        "generatorURL": "https://prometheus.example/graph",
        "fingerprint": f"{abs(sum(map(ord, instance))):016x}",
    }


def _stripe(event_id: str, event_type: str, body: dict[str, Json], at: datetime, says: str) -> Delivery:
    payload: dict[str, Json] = {
        "id": event_id,
        "object": "event",
        "api_version": "2026-06-24",
        "created": int(at.timestamp()),
        "data": {"object": body},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": event_type,
    }
    return Delivery(source="stripe", says=says, payload=payload)
