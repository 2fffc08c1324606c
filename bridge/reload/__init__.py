"""Hot reload: a folder is watched, a changed configuration compiled beside the event loop and swapped whole.

places.py     which folders must be watched so that no change is missed
watching.py   waiting for a change, told by the system or looked for every so often
reloader.py   the loop: read, compile, swap, or refuse and go on as before
"""

from bridge.reload.reloader import Reloader

__all__ = ["Reloader"]
