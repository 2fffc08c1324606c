"""The environment, read once into one frozen `Settings`.

Every setting is described here and nowhere else: `pinbridge serve --help` and the reference
are made from these fields. Secrets of sources are not settings of the process; they are
looked up by name with `source_secrets`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from bridge.errors import ConfigurationError, Problem
from bridge.proxies import Network
from bridge.secret import Secret
from bridge.spelling import suggest
from bridge.units import Window, parse_duration_s, parse_size_bytes, parse_windows

_PLATFORM = ("PINBRIDGE_SERVICE_", "PINBRIDGE_PORT")
"""What Kubernetes sets in every container beside a service named pinbridge."""

_SECRETS = re.compile(r"(?<![,\s]v[0-9]),")
"""What parts secrets: a comma, but for the one of a version before a secret (`v1,whsec_…`)."""

MIN_TOKEN, MAX_TOKEN = 16, 1000
"""How long a token is, in characters; its length alone keeps it from being guessed: a right one is always let in."""

_DELIVERIES = ("background", "inline")

Delivery = Literal["background", "inline"]


def _parse_whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValueError(f"{text[:80]!r} is not a whole number")
    return int(text)


def _within(parse: Callable[[str], int], at_least: str, at_most: str | None = None) -> Callable[[str], int]:
    """Let a setting be within bounds, which are given, and told, as a user would write them."""

    def read(text: str) -> int:
        value = parse(text)
        if value < parse(at_least):
            raise ValueError(f"{text[:80]!r} is too little; at least {at_least} is allowed")
        if at_most is not None and value > parse(at_most):
            raise ValueError(f"{text[:80]!r} is too much; at most {at_most} is allowed")
        return value

    return read


def _parse_delivery(text: str) -> str:
    if text not in _DELIVERIES:
        raise ValueError(f"{text[:80]!r} is no way to deliver; write {' or '.join(_DELIVERIES)}")
    return text


def _parse_address(text: str) -> str:
    """Take an address, which logs tell; what is none may be a key in the wrong place, and is not told."""
    if not text.startswith(("http://", "https://")):
        raise ValueError("what it says is not an address; write one such as https://api.pindown.ai/v1")
    if re.match("[^:]*://[^/?#]*@", text):
        raise ValueError("has a user or a password in it, which logs would tell; the key goes into PINDOWN_API_KEY")
    return text


def _parse_public_url(text: str) -> str:
    if re.fullmatch(r"https?://[^/?#@\s]+(/[^?#\s]*)?", text) is None:
        raise ValueError(
            f"{text[:80]!r} is not the address of a bridge; write one such as https://hooks.example.com, with neither"
            " user nor query"
        )
    return text.rstrip("/")


def _parse_networks(text: str) -> tuple[Network, ...]:
    return tuple(_parse_network(each.strip()) for each in text.split(","))


def _parse_network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        example = "write addresses and networks with commas between, such as 10.0.0.7, 192.168.0.0/16"
        raise ValueError(f"{text[:80]!r} is neither an address nor a network; {example}") from None


def _parse_switch(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError(f"{text[:80]!r} is neither 0 nor 1")
    return text == "1"


def _parse_token(text: str) -> Secret:
    """Take a token that a header can carry and nobody guesses; what is wrong with it is told without it."""
    if re.fullmatch(r"[!-~]*", text) is None:
        raise ValueError("holds a space, a line break or a letter that is not ASCII, which no header carries")
    if not MIN_TOKEN <= len(text) <= MAX_TOKEN:
        raise ValueError(
            f"is {len(text)} characters long; one that nobody guesses has {MIN_TOKEN} to {MAX_TOKEN}, such as"
            " `openssl rand -hex 32` gives"
        )
    return Secret(text)


def _setting(name: str, default: str | None, description: str, *, read: Callable[[str], Any] = str) -> Any:
    """Declare a setting; its default is written as a user would write it, and read in the same way."""
    value = None if default is None else read(default)
    return field(default=value, metadata={"setting": Setting(name, default, description, read)})


class Setting(NamedTuple):
    """A variable of the environment, its default as a user would write it, what it is for, and what reads it."""

    name: str
    default: str | None
    description: str
    read: Callable[[str], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the process was told by its environment. Times in seconds, sizes in bytes."""

    port: int = _setting(
        "PORT", "8080", "port to listen on; 0 takes a free one", read=_within(_parse_whole, "0", "65535")
    )
    host: str = _setting("HOST", "127.0.0.1", "address to listen on; 0.0.0.0 or :: takes every one")
    mappings: Path = _setting("PINBRIDGE_MAPPINGS", "mappings", "folder of mapping files and sources.yaml", read=Path)
    mappings_look_every: int | None = _setting(
        "PINBRIDGE_MAPPINGS_LOOK_EVERY",
        None,
        "how often to look for changed mappings, such as 30s; else the system tells of them, which network file "
        "systems do not",
        read=_within(parse_duration_s, "1s"),
    )
    database: str = _setting(
        "PINBRIDGE_DATABASE", "sqlite:///pinbridge.db", "where events, pins and deliveries are kept"
    )
    api_key: Secret | None = _setting("PINDOWN_API_KEY", None, "the Pindown API key", read=Secret)
    api_url: str = _setting(
        "PINDOWN_API_URL", "https://api.pindown.ai/v1", "base address of the Pindown API", read=_parse_address
    )
    delivery: Delivery = _setting(
        "PINBRIDGE_DELIVERY",
        "background",
        "pins are updated after the webhook is answered; inline: before, for instances that sleep between requests",
        read=_parse_delivery,
    )
    admin_token: Secret | None = _setting(
        "PINBRIDGE_ADMIN_TOKEN", None, "opens /api/ to others than this machine's own commands", read=_parse_token
    )
    url: str | None = _setting(
        "PINBRIDGE_URL",
        None,
        "the bridge that commands ask, with its PINBRIDGE_ADMIN_TOKEN; without it the one that runs on the database",
    )
    public_url: str | None = _setting(
        "PINBRIDGE_PUBLIC_URL",
        None,
        "the bridge's address as senders know it, such as https://hooks.example.com; some of them sign it",
        read=_parse_public_url,
    )
    trusted_proxies: tuple[Network, ...] | None = _setting(
        "PINBRIDGE_TRUSTED_PROXIES",
        None,
        "addresses and networks of proxies, such as 10.0.0.7,192.168.0.0/16, whose X-Forwarded-For, -Proto and -Host "
        "count",
        read=_parse_networks,
    )
    metrics_token: Secret | None = _setting(
        "PINBRIDGE_METRICS_TOKEN", None, "what /metrics asks for; open to all without one", read=_parse_token
    )
    rate: tuple[Window, ...] = _setting(
        "PINBRIDGE_RATE", "160/60s", "outbound budget in tokens, in any window of that length", read=parse_windows
    )
    cost: int = _setting("PINBRIDGE_COST", "2", "tokens that one pin update costs", read=_within(_parse_whole, "1"))
    max_body: int = _setting(
        "PINBRIDGE_MAX_BODY", "1MiB", "largest inbound body, after decompression", read=parse_size_bytes
    )
    retention: int = _setting(
        "PINBRIDGE_RETENTION", "35d", "how long events and attempts stay in the journal", read=parse_duration_s
    )
    journal_max: int = _setting(
        "PINBRIDGE_JOURNAL_MAX",
        "2GiB",
        "how much room the events in the journal take at most; the oldest go before their time",
        read=_within(parse_size_bytes, "16MiB"),
    )
    horizon: int = _setting("PINBRIDGE_HORIZON", "35d", "how long delivery ids are remembered", read=parse_duration_s)
    allow_lossy: bool = _setting(
        "PINBRIDGE_ALLOW_LOSSY",
        "0",
        "1 takes mappings with state on a platform whose disk does not last",
        read=_parse_switch,
    )

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings; an empty variable counts as unset.

        Raises `ConfigurationError` with every unreadable variable.
        """
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for attribute, setting in _declared().items():
            text = environ.get(setting.name, "")
            try:
                values |= {attribute: setting.read(text)} if text else {}
            except ValueError as error:
                problems.append(Problem(file=setting.name, message=str(error)))
        settings = cls(**values)
        if not problems:
            problems.extend(settings._too_small_windows())
        if problems:
            raise ConfigurationError(problems)
        return settings

    def _too_small_windows(self) -> Iterator[Problem]:
        for window in self.rate:
            if window.tokens < self.cost:
                message = (
                    f"the window {window.tokens}/{window.length_s}s holds not even one update, which costs "
                    f"{self.cost} tokens"
                )
                yield Problem(file="PINBRIDGE_RATE", message=message)


def unknown_settings(environ: Mapping[str, str]) -> list[Problem]:
    """Name the variables that look like settings and are none; a platform may set such for reasons of its own."""
    known = _names()
    return [
        Problem(file=name, message=f"is no setting of this release{suggest(name, known)}")
        for name in sorted(environ)
        if name.startswith(("PINBRIDGE_", "PINDOWN_")) and name not in known and not name.startswith(_PLATFORM)
    ]


def setting_lines() -> list[str]:
    """Describe every setting in a line of its own, for a command's help."""
    return [
        f"  {each.name}: {each.description}" + (f" [{each.default}]" if each.default is not None else "")
        for each in declared_settings()
    ]


def declared_settings() -> tuple[Setting, ...]:
    """Give every setting, in the order in which they are told."""
    return tuple(_declared().values())


def source_secrets(environ: Mapping[str, str], source: str) -> tuple[bytes, ...]:
    """Give the secrets of a source: `<SOURCE>_WEBHOOK_SECRET`, comma-separated, or the file that `…_FILE` names.

    Several during rotation; none where neither is set. Raises `ConfigurationError` where the
    file cannot be read.
    """
    return _secrets(environ, secret_variable(source))


def verify_tokens(environ: Mapping[str, str], source: str) -> tuple[bytes, ...]:
    """Give what a source's handshake must show where it asks for a verify token: `<SOURCE>_VERIFY_TOKEN`.

    Several, or in a file, as secrets may be; raises as `source_secrets` does.
    """
    return _secrets(environ, token_variable(source))


def _secrets(environ: Mapping[str, str], name: str) -> tuple[bytes, ...]:
    text = environ.get(name, "")
    path = environ.get(f"{name}_FILE", "")
    if path:
        try:
            text = f"{text},{Path(path).read_text(encoding='utf-8')}"
        except (OSError, UnicodeDecodeError) as error:
            # What it names is not shown: it may be the secret itself.
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            problem = Problem(file=f"{name}_FILE", message=f"the file that it names cannot be read: {reason}")
            raise ConfigurationError([problem]) from None
    return tuple(part.strip().encode() for part in _SECRETS.split(f",{text}") if part.strip())


def secret_variable(source: str) -> str:
    """Name the variable that holds a source's secret: `lan-probe` gives `LAN_PROBE_WEBHOOK_SECRET`."""
    return f"{source.upper().replace('-', '_')}_WEBHOOK_SECRET"


def token_variable(source: str) -> str:
    """Name the variable that holds a source's verify token: `whatsapp` gives `WHATSAPP_VERIFY_TOKEN`."""
    return secret_variable(source).removesuffix("WEBHOOK_SECRET") + "VERIFY_TOKEN"


def _names() -> frozenset[str]:
    return frozenset(each.name for each in declared_settings())


def _declared() -> dict[str, Setting]:
    return {each.name: each.metadata["setting"] for each in fields(Settings)}
