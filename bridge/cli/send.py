"""`pinbridge send`: sign a payload as its source would, and post it to a running bridge."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson

from bridge.app import now
from bridge.cli.configuration import load_configuration
from bridge.cli.freshening import freshen
from bridge.cli.output import print_json, stderr, stdout
from bridge.errors import ConfigurationError, OperatorError, Problem
from bridge.inbound import Source, sign
from bridge.settings import Settings
from bridge.store import read_running

TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What to send and how: `headers` go beside the signature; `fresh` gives it a new id and the present time."""

    source: str
    payload: Path
    headers: Mapping[str, str]
    fresh: bool


def send(sending: Sending, settings: Settings, environ: Mapping[str, str], *, url: str | None) -> httpx.Response:
    """Post the payload once and give the bridge's answer.

    Raises `ConfigurationError` where the source or the file is unknown, `OperatorError` where no bridge answers.
    """
    sources = load_configuration(settings.mappings, environ).sources
    if sending.source not in sources:
        message = f"no mapping names this source; those are: {', '.join(sorted(sources)) or 'none'}"
        raise ConfigurationError([Problem(file=sending.source, message=message)])
    source = sources[sending.source]
    body, headers = _read(sending.payload), {**_headers_beside(sending.payload), **sending.headers}
    if sending.fresh:
        body, headers = freshen(source, body, headers, now())
    return deliver(url or _running_address(settings), source, body, headers=headers)


def deliver(
    url: str, source: Source, body: bytes, *, headers: Mapping[str, str], forged: bool = False
) -> httpx.Response:
    """Sign with the source's newest secret and post; a forgery is signed for another body.

    Raises `OperatorError` where no bridge answers.
    """
    signature = sign(source, b"forged" if forged else body, next(iter(source.secrets), b""), now(), headers=headers)
    signed = {"content-type": "application/json", **headers, **signature}
    try:
        return httpx.post(f"{url}/hooks/{source.name}", content=body, headers=signed, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        raise OperatorError(f"no bridge answers at {url}: {error}") from error


def report(answer: httpx.Response, *, as_json: bool) -> bool:
    """Print what the bridge answered; tell whether it took the event."""
    body = answer.json()
    if as_json:
        print_json({"status_code": answer.status_code, **body})
    elif answer.is_success:
        mappings = ", ".join(body.get("mappings", ()))
        moved = f", moves {mappings}" if mappings else ""
        stdout.print(f"{answer.status_code} {body.get('status', 'taken')}: {body.get('id', '')}{moved}", markup=False)
        if "number" in body:
            stdout.print(f"what each mapping made of it: pinbridge events {body['number']}")
    else:
        stderr.print(f"{answer.status_code} {body['error']['code']}: {body['error']['message']}", markup=False)
    return answer.is_success


def _running_address(settings: Settings) -> str:
    running = read_running(settings.database)
    return running.address if running else f"http://127.0.0.1:{settings.port}"


def _read(payload: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(payload) == "-" else payload.read_bytes()
    except OSError as error:
        raise ConfigurationError([Problem(file=str(payload), message=f"cannot be read: {error.strerror}")]) from error


def _headers_beside(payload: Path) -> dict[str, str]:
    """Read `<name>.headers.json`, which lies beside a sample whose source says something in headers."""
    path = payload.with_suffix(".headers.json")
    if not path.is_file():
        return {}
    headers: dict[str, str] = orjson.loads(path.read_bytes())
    return headers
