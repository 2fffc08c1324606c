"""The command line: each command is a thin caller of a room.

Exit codes: 0 good, 1 the check failed, 2 wrong usage or unreadable configuration.
"""

import sys

from bridge.cli.commands import commands
from bridge.cli.output import stderr
from bridge.cli.problems import print_problems
from bridge.errors import AuthorError, ConfigurationError, PinbridgeError, StoreUnusable

__all__ = ["main"]


def main() -> None:
    """Run the command that the arguments name, and exit."""
    try:
        commands()
    except KeyboardInterrupt:
        sys.exit(130)
    except ConfigurationError as error:
        print_problems(error.problems, error.warnings)
        sys.exit(2)
    except PinbridgeError as error:
        stderr.print(f"pinbridge: {error}", markup=False)
        sys.exit(2 if isinstance(error, AuthorError | StoreUnusable) else 1)
