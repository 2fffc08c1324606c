"""Whether a path leads anywhere. Asking gives an answer always; why there is none, reading the path tells.

In `pathlib` the same questions raise where a folder on the way cannot be entered, or a name is too long.
"""

import os
from pathlib import Path


def is_file(path: Path) -> bool:
    """Tell whether there is a file that can be reached."""
    return os.path.isfile(path)  # noqa: PTH113  # Path.is_file raises


def is_folder(path: Path) -> bool:
    """Tell whether there is a folder that can be reached."""
    return os.path.isdir(path)  # noqa: PTH112  # Path.is_dir raises


def is_there(path: Path) -> bool:
    """Tell whether there is anything that can be reached."""
    return os.path.exists(path)  # noqa: PTH110  # Path.exists raises
