"""The environment, read once into one frozen `Settings`.

Every setting is described here and nowhere else: `pinbridge serve --help` and the reference
are made from these fields. Secrets of sources are not settings of the process; they are
looked up by name with `source_secrets`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator

from bridge.errors import ConfigurationError, Problem
from bridge.units import Window, parse_duration_s, parse_size_bytes, parse_windows

_Seconds = Annotated[int, BeforeValidator(parse_duration_s)]
_Bytes = Annotated[int, BeforeValidator(parse_size_bytes)]
_Windows = Annotated[tuple[Window, ...], BeforeValidator(parse_windows)]


class Settings(BaseModel):
    """What the process was told by its environment. Times in seconds, sizes in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    port: int = Field(8080, alias="PORT", ge=0, le=65535, description="port to listen on; 0 takes a free one")
    host: str = Field("127.0.0.1", alias="HOST", description="address to listen on")
    mappings: Path = Field(
        Path("mappings"), alias="PINBRIDGE_MAPPINGS", description="folder of mapping files and sources.yaml"
    )
    database: str = Field(
        "sqlite:///pinbridge.db", alias="PINBRIDGE_DATABASE", description="where events, pins and deliveries are kept"
    )
    api_key: SecretStr | None = Field(None, alias="PINDOWN_API_KEY", description="the Pindown API key")
    api_url: str = Field(
        "https://api.pindown.ai/v1",
        alias="PINDOWN_API_URL",
        pattern=r"^https?://",
        description="base address of the Pindown API",
    )
    delivery: Literal["background"] = Field(
        "background", alias="PINBRIDGE_DELIVERY", description="pins are updated after the webhook is answered"
    )
    admin_token: SecretStr | None = Field(
        None, alias="PINBRIDGE_ADMIN_TOKEN", description="opens /api/ to others than this machine's own commands"
    )
    rate: _Windows = Field(
        parse_windows("160/60s"),
        alias="PINBRIDGE_RATE",
        description="outbound budget in tokens, in any window of that length",
    )
    cost: int = Field(2, alias="PINBRIDGE_COST", ge=1, description="tokens that one pin update costs")
    max_body: _Bytes = Field(
        parse_size_bytes("1MiB"), alias="PINBRIDGE_MAX_BODY", description="largest inbound body, after decompression"
    )
    retention: _Seconds = Field(
        parse_duration_s("35d"),
        alias="PINBRIDGE_RETENTION",
        description="how long events and attempts stay in the journal",
    )
    horizon: _Seconds = Field(
        parse_duration_s("35d"), alias="PINBRIDGE_HORIZON", description="how long delivery ids are remembered"
    )

    @model_validator(mode="after")
    def _check_that_one_update_fits(self) -> Self:
        smallest = min(window.tokens for window in self.rate)
        if smallest < self.cost:
            raise ValueError(f"PINBRIDGE_RATE allows {smallest} tokens, less than one update costs ({self.cost})")
        return self

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings; an empty variable counts as unset.

        Raises `ConfigurationError` with every unreadable variable.
        """
        known = {field.alias for field in cls.model_fields.values()}
        given = {name: value for name, value in environ.items() if name in known and value != ""}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise ConfigurationError([_problem(detail["loc"], detail["msg"]) for detail in error.errors()]) from error


def setting_lines() -> list[str]:
    """Describe every setting in a line of its own, for a command's help."""
    return [f"  {field.alias}: {field.description}" for field in Settings.model_fields.values()]


def source_secrets(environ: Mapping[str, str], source: str) -> tuple[bytes, ...]:
    """Give the secrets of a source: `<SOURCE>_WEBHOOK_SECRET`, comma-separated, or the file that `…_FILE` names.

    Several during rotation; none where neither is set. Raises `ConfigurationError` where the
    file cannot be read.
    """
    name = secret_variable(source)
    text = environ.get(name, "")
    path = environ.get(f"{name}_FILE", "")
    if path:
        try:
            text = f"{text},{Path(path).read_text(encoding='utf-8')}"
        except (OSError, UnicodeDecodeError) as error:
            problem = Problem(file=f"{name}_FILE", message=f"the file {path!r} cannot be read: {error}")
            raise ConfigurationError([problem]) from error
    return tuple(part.strip().encode() for part in text.split(",") if part.strip())


def secret_variable(source: str) -> str:
    """Name the variable that holds a source's secret: `lan-probe` gives `LAN_PROBE_WEBHOOK_SECRET`."""
    return f"{source.upper().replace('-', '_')}_WEBHOOK_SECRET"


def _problem(place: tuple[int | str, ...], message: str) -> Problem:
    return Problem(file=str(place[0]) if place else "PINBRIDGE_COST", message=message.removeprefix("Value error, "))
