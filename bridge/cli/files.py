"""Files that a command rewrites: whole or not at all."""

import os
import shutil
import tempfile
from pathlib import Path

from bridge.errors import ConfigurationError, Problem


def read_file(path: Path) -> bytes:
    """Read a file. Raises `ConfigurationError`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError([Problem(file=str(path), message=f"cannot be read: {error.strerror}")]) from error


def write_file(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever meets half of it; its permissions stay. Raises `ConfigurationError`.

    The half-written one beside it has a name that begins with a dot, which no folder of mappings looks at.
    What is no file (a device, a pipe) is written to as it is.
    """
    target = path.resolve()
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        descriptor, beside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            if target.exists():
                shutil.copymode(target, beside)
            else:
                Path(beside).chmod(0o644)
            Path(beside).replace(target)
        except OSError:
            Path(beside).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigurationError([Problem(file=str(path), message=f"cannot be written: {error.strerror}")]) from error
