"""`pinbridge send`: sign a payload as its source would, and post it to a running bridge."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson

from bridge.app import now
from bridge.cli.addresses import read_address
from bridge.cli.freshening import freshen
from bridge.cli.output import print_json, stderr, stdout
from bridge.cli.payload import read_payload
from bridge.configuration import load_source
from bridge.errors import ConfigurationError, OperatorError, Problem
from bridge.events import Json
from bridge.inbound import Source, sign_request
from bridge.inbound.verification import Unverified
from bridge.rehearsal import read_headers_beside
from bridge.settings import Settings
from bridge.store import read_running

TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What to send and how: `headers` (lower-case names) go beside the signature, `fresh` makes id and times new."""

    source: str
    payload: Path
    headers: Mapping[str, str]
    fresh: bool


def send(sending: Sending, settings: Settings, environ: Mapping[str, str], *, url: str | None) -> httpx.Response:
    """Post the payload once and give the bridge's answer.

    Raises `ConfigurationError` where the source, the file or the address is unknown, `OperatorError`
    where no bridge answers.
    """
    address = _running_address(settings) if url is None else read_address(url, "--url")
    source = load_source(settings.mappings, environ, sending.source, public_url=settings.public_url)
    if source.is_own:
        message = "is the bridge itself, to which nobody can post; see what a mapping makes of a payload: pinbridge try"
        raise ConfigurationError([Problem(file=source.name, message=message)])
    if not source.scheme.can_sign:
        message = (
            "signs with a private key that only its sender has, so nothing can be sent in its name; "
            "see what a mapping makes of a payload: pinbridge try"
        )
        raise ConfigurationError([Problem(file=source.name, message=message)])
    body, headers = read_payload(sending.payload), {**read_headers_beside(sending.payload), **sending.headers}
    if sending.fresh:
        body, headers = freshen(source, body, headers, now())
    return deliver(address, source, body, headers=headers)


def deliver(
    url: str, source: Source, body: bytes, *, headers: Mapping[str, str], forged: bool = False
) -> httpx.Response:
    """Sign with the source's newest secret and post; a forgery is signed for another body.

    Raises `OperatorError` where no bridge answers.
    """
    given = {"content-type": "application/json", **{name.lower(): value for name, value in headers.items()}}
    unsigned = Unverified(b"forged" if forged else body, given)
    signed = sign_request(source, unsigned, next(iter(source.secrets), b""), now())
    address = f"{url}/hooks/{source.name}" + (f"?{signed.query.decode()}" if signed.query else "")
    content = body if forged else signed.body
    try:
        return httpx.post(address, content=content, headers=dict(signed.headers), timeout=TIMEOUT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OperatorError(f"no bridge answers at {url}: {error}") from error


def report(answer: httpx.Response, *, as_json: bool) -> bool:
    """Print what the bridge answered; tell whether it took the event."""
    body = _parse(answer)
    if as_json:
        print_json({"status_code": answer.status_code, **body})
    else:
        console = stdout if answer.is_success else stderr
        console.print(f"{answer.status_code} {_describe(body)}", markup=False)
        if "number" in body:
            stdout.print(f"what each mapping made of it: pinbridge events {body['number']}")
        elif answer.is_success and "id" not in body:  # a batch, or a source that insists on words of its own
            stdout.print("what each mapping made of it: pinbridge events")
    return answer.is_success


def _parse(answer: httpx.Response) -> dict[str, Json]:
    """Read the bridge's JSON; what is none, such as a source's own `ack`, is the text `body`."""
    try:
        body: Json = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        body = None
    return body if isinstance(body, dict) else {"body": answer.text[:200]}


def _describe(body: Mapping[str, Json]) -> str:
    match body:
        case {"error": {"code": code, "message": message}}:
            return f"{code}: {message}"
        case {"status": "accepted", "id": identifier, "mappings": list(mappings)}:
            moved = ", ".join(map(str, mappings))
            return f"accepted: {identifier}, {f'moves {moved}' if moved else 'moves no pin'}"
        case {"status": status, "events": {"accepted": accepted, "duplicates": duplicates}, "mappings": list(mappings)}:
            moved = ", ".join(map(str, mappings))
            told = f"{accepted} new, {duplicates} met before, {f'moving {moved}' if moved else 'moving no pin'}"
            return f"{status}: {told if accepted or duplicates else 'no event in it'}"
        case {"status": status, "id": identifier}:
            return f"{status}: {identifier}"
        case {"body": str(text), **others} if not others:
            return text
        case _:
            return orjson.dumps(body).decode()


def _running_address(settings: Settings) -> str:
    running = read_running(settings.database)
    return running.address if running else f"http://127.0.0.1:{settings.port}"
