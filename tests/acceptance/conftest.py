"""A bridge and a sandbox for each test, ended whatever happens."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from support.processes import MAPPING, BridgeProcess, Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a sandbox whose budget never stands in the way."""
    with closing(Sandbox("--rate", "1000000/60s")) as running:
        yield running


@pytest.fixture
def new_bridge(tmp_path: Path, sandbox: Sandbox) -> Iterator[Callable[..., BridgeProcess]]:
    """Give a function that prepares a bridge on the sandbox: `new_bridge(mapping, SETTING=…)`."""
    with ExitStack() as running:

        def prepare(mapping: str = MAPPING, **settings: str) -> BridgeProcess:
            folder = tmp_path / "mappings"
            folder.mkdir(exist_ok=True)
            (folder / "payments.yaml").write_text(mapping)
            bridge = BridgeProcess(tmp_path, f"{sandbox.url}/v1", **settings)
            running.callback(bridge.close)
            return bridge

        yield prepare
