"""What the arguments of several commands share: their options, and what they read of the environment."""

import os
from typing import Annotated

import typer

from bridge.cli.views import Sight
from bridge.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
Url = Annotated[
    str | None, typer.Option("--url", help="The bridge's address; else PINBRIDGE_URL, else the one running here.")
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many at most.")]


def read_settings() -> Settings:
    """Read the settings of this process. Raises `ConfigurationError` for values that cannot be read."""
    return Settings.from_environ(os.environ)


def sight(url: str | None) -> Sight:
    """Give what the commands look through: at the bridge at `url`, else at the one that the environment names."""
    return Sight(settings=read_settings(), environ=os.environ, url=url)
