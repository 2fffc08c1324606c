"""`python -m bridge.sandbox`: run a sandbox until SIGTERM, or until stdin closes.

Prints one line of JSON when it listens: `{"url": …, "api_url": …, "key": …}`.
"""

import argparse
import os
import signal
import sys
import threading
from types import FrameType

import orjson

from bridge.sandbox import DEFAULT_KEY, DEFAULT_RATE, create_sandbox
from bridge.sandbox.account import ALL_SCOPES
from bridge.sandbox.server import SandboxServer
from bridge.units import parse_windows


def main(arguments: list[str] | None = None) -> None:
    """Run the sandbox."""
    given = _parser().parse_args(arguments)
    keys = given.key or [DEFAULT_KEY]
    all_open = dict.fromkeys(keys, ALL_SCOPES)
    app = create_sandbox(keys=all_open, rate=given.rate, auto_create=given.auto_create, control=True)

    def announce(url: str) -> None:
        line = orjson.dumps({"url": url, "api_url": f"{url}/v1", "key": keys[0]}, option=orjson.OPT_APPEND_NEWLINE)
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()

    server = SandboxServer(app, host=given.host, port=given.port, ready=announce)
    _end_quietly_on_signals()
    if given.until_stdin_closes:
        threading.Thread(target=_stop_when_stdin_closes, args=(server,), daemon=True).start()
    server.run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bridge.sandbox", description="Run a Pindown look-alike.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--key", action="append", help=f"an API key with all scopes; may be repeated ({DEFAULT_KEY})")
    parser.add_argument("--rate", type=_rate, default=DEFAULT_RATE, help="tokens per window (%(default)s)")
    parser.add_argument("--auto-create", action="store_true", help="an update of an unknown pin makes it")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when whoever started this is gone")
    return parser


def _rate(text: str) -> str:
    try:
        parse_windows(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _end_quietly_on_signals() -> None:
    """Take the signals that uvicorn raises again after its own orderly end, so that the process exits 0."""

    def ignore(_number: int, _frame: FrameType | None) -> None:
        """Do nothing: the server has already ended."""

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ignore)


def _stop_when_stdin_closes(server: SandboxServer) -> None:
    """Read the raw descriptor: a thread that waits in `sys.stdin` would hold its lock at exit."""
    while os.read(0, 4096):
        pass
    server.should_exit = True


if __name__ == "__main__":
    main()
