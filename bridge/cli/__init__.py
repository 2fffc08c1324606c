"""The command line: each command is a thin caller of a room.

Exit codes: 0 good, 1 the check failed, 2 wrong usage or unreadable configuration.

`serve` has a way of its own, past the framework of the others: a bridge that starts when a webhook comes must not load
first what only people at a terminal need.
"""

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bridge.errors import AuthorError, ConfigurationError, PinbridgeError, StoreUnusable

__all__ = ["main"]


def main() -> None:
    """Run the command that the arguments name, and exit."""
    try:
        _run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
    except PinbridgeError as error:
        exit_code = 2 if isinstance(error, AuthorError | StoreUnusable) else 1
        if sys.argv[1:2] == ["serve"] and not sys.stderr.isatty():
            _log(error, exit_code)
        else:
            _print(error)
        sys.exit(exit_code)


def _print(error: PinbridgeError) -> None:
    """Say to a person at a terminal, or to who called a command, what is wrong."""
    if isinstance(error, ConfigurationError):
        from bridge.cli.problems import print_problems  # noqa: PLC0415 - as below

        print_problems(error.problems, error.warnings)
    else:
        from bridge.cli.output import stderr  # noqa: PLC0415 - as below

        stderr.print(f"pinbridge: {error}", markup=False)


def _log(error: PinbridgeError, exit_code: int) -> None:
    """Say why a bridge ends in a line of its log, which is what a container's log is read by."""
    import structlog  # noqa: PLC0415 - as below

    from bridge.logs import configure_logging  # noqa: PLC0415 - as below

    configure_logging()
    log = structlog.get_logger()
    if isinstance(error, ConfigurationError):
        log.critical("start_refused", problems=[*map(str, error.problems)])
    elif exit_code == 2:
        log.critical("start_refused", problems=[str(error)])
    else:
        log.critical("ended_by_failure", reason=str(error))


def _run(words: Sequence[str]) -> None:
    if words[:1] == ["serve"] and set(words[1:]) <= {"--sandbox"}:
        _serve(sandbox=len(words) > 1)
        return
    from bridge.cli.commands import commands  # noqa: PLC0415 - only where it is needed, as everything here

    commands()


def _serve(*, sandbox: bool) -> None:
    """Do what the command `serve` does."""
    # Nothing that is loaded goes away again, so to look for garbage would be in vain; it begins once all is there.
    gc.disable()
    # httpx loads its own command line along, and structlog what draws on a terminal: of no use to a server.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]  # the import system's own sign for what is not there
    with _without("rich"):
        from bridge.cli.serve import serve  # noqa: PLC0415 - as above
        from bridge.settings import Settings  # noqa: PLC0415 - as above
    serve(Settings.from_environ(os.environ), os.environ, sandbox=sandbox)


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Let libraries find that a module is not installed."""
    sys.modules[module] = None  # type: ignore[assignment]  # as above
    try:
        yield
    finally:
        del sys.modules[module]
