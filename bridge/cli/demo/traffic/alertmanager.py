"""Alertmanager's notifications: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from bridge.cli.demo.traffic.delivery import Delivery
from bridge.events import Json

_FIRST_BEAT = datetime(2026, 1, 1, tzinfo=UTC)


class Alert(NamedTuple):
    """An alert of an instance; it fires until it has `ended`."""

    name: str
    instance: str
    severity: str
    began: datetime
    ended: datetime | None = None


def alerts(team: str, listed: Sequence[Alert], *, at: datetime) -> Delivery:
    """Build the notification of one team's group."""
    firing = sum(alert.ended is None for alert in listed)
    names = ", ".join(dict.fromkeys(alert.name for alert in listed))
    payload: dict[str, Json] = {
        "version": "4",
        "groupKey": f'{{}}:{{team="{team}"}}',
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": "pinbridge",
        "groupLabels": {"team": team},
        "commonLabels": {"job": "shop", "team": team},
        "commonAnnotations": {},
        "externalURL": "https://alertmanager.example",
        "alerts": [_alert(alert, {"job": "shop", "team": team}) for alert in listed],
    }
    says = f"{names}: {firing} firing, {len(listed) - firing} resolved"
    return Delivery(source="alertmanager", says=says, payload=payload, at=at)


def watchdog(at: datetime) -> Delivery:
    """Build the notification of the alert that always fires."""
    payload: dict[str, Json] = {
        "version": "4",
        "groupKey": '{}:{alertname="Watchdog"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "pinbridge",
        "groupLabels": {"alertname": "Watchdog"},
        "commonLabels": {"alertname": "Watchdog", "severity": "none"},
        "commonAnnotations": {},
        "externalURL": "https://alertmanager.example",
        "alerts": [_alert(Alert("Watchdog", "prometheus", "none", _FIRST_BEAT), {})],
    }
    return Delivery(source="alertmanager", says="the watchdog beats", payload=payload, at=at)


def _alert(alert: Alert, labels: dict[str, Json]) -> Json:
    known_by = f"{alert.name} {alert.instance}"
    return {
        "status": "resolved" if alert.ended else "firing",
        "labels": {"alertname": alert.name, "instance": alert.instance, "severity": alert.severity, **labels},
        "annotations": {"summary": f"{alert.name} on {alert.instance}"},
        "startsAt": alert.began.isoformat(),
        "endsAt": alert.ended.isoformat() if alert.ended else "0001-01-01T00:00:00Z",
        "generatorURL": "https://prometheus.example/graph",
        "fingerprint": hashlib.sha256(known_by.encode()).hexdigest()[:16],
    }
