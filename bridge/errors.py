"""The error tree, grouped by who must act.

    PinbridgeError
    ├── AuthorError            whoever wrote the configuration or a mapping
    │   └── ConfigurationError   settings, mappings, sources: every problem listed, with its place
    ├── SenderError            whoever sent the webhook; carries the HTTP answer
    ├── DestinationError       the dashboard service, or the key used with it
    └── OperatorError          whoever runs the process
        ├── StoreUnavailable     the database does not answer; the sender may retry
        ├── KeyUnavailable       a key that verifies cannot be looked up now; the sender may retry
        ├── NotDelivered         what came is neither shown nor kept for sure; the sender may retry
        └── StoreUnusable        the database cannot be opened as it is

Rooms define their own leaves beside the code that raises them. Foreign exceptions are
translated once, where the library is called.
"""

from collections.abc import Iterable
from dataclasses import dataclass


def _as_text(name: str) -> str:
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode()


class PinbridgeError(Exception):
    """Anything the bridge raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    r"""One mistake in something an author wrote, with its place.

    `line` and `column` count from 1; 0 where the mistake has no place in a file
    (an environment variable, say), and then `file` names where it stands instead. `hides_line`
    says that the line may hold a secret, so that it is not shown. A byte of a path that is not UTF-8
    is written as `\udce9`, so that logs and JSON can hold it.
    """

    file: str
    line: int = 0
    column: int = 0
    message: str
    hides_line: bool = False

    def __post_init__(self) -> None:
        """Make the path and the message text, which the names of files need not be."""
        for name in ("file", "message"):
            object.__setattr__(self, name, _as_text(getattr(self, name)))

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}"


class AuthorError(PinbridgeError):
    """The configuration is wrong; its author must act."""


class ConfigurationError(AuthorError):
    """Everything wrong that was found, in one go; never only the first. `warnings` are what else was seen."""

    def __init__(self, problems: list[Problem], warnings: Iterable[Problem] = ()) -> None:
        self.problems = tuple(sorted(problems))
        self.warnings = tuple(sorted(warnings))
        super().__init__("\n".join(map(str, self.problems)))


class SenderError(PinbridgeError):
    """The request is refused; its sender must act.

    `status` is the HTTP status, `code` a stable word for programs, `message` says which
    check failed, never what was expected. Nothing is stored.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class DestinationError(PinbridgeError):
    """The dashboard service refused or failed; see `bridge.outbound`."""


class OperatorError(PinbridgeError):
    """Something in the machinery; whoever runs the process must act."""


class StoreUnavailable(OperatorError):
    """The database does not take a write now (locked, full, queue at its bound).

    Nothing of the request is known to be stored, so a retry is safe: what was stored
    after all is met as a duplicate. `retry_after_s` is what a sender should wait.
    """

    def __init__(self, message: str, *, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class KeyUnavailable(OperatorError):
    """A key that proves a webhook cannot be looked up now, so nothing is known of the webhook: its sender may retry."""

    def __init__(self, message: str, *, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotDelivered(OperatorError):
    """An event is stored on a disk that does not last, and its pins do not show it: its sender's retries carry it."""

    def __init__(self, message: str, *, retry_after_s: int = 10) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StoreUnusable(OperatorError):
    """The database cannot be opened as it is: held by another process, corrupt, too new."""
