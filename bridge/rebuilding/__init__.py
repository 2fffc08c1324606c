"""Folding the journal again: what changed definitions begin anew, and single events that something lacks.

rereading.py   an event of the journal becomes what it was when it came, and is evaluated
rebuilder.py   builds in the background, and tells how far it is
pace.py        how many events a step takes, so that webhooks do not wait long
replaying.py   folds the events that something lacks
telling.py     how both are told
"""

from bridge.rebuilding.rebuilder import Rebuilder
from bridge.rebuilding.replaying import Replayed, Unreplayed, replay
from bridge.rebuilding.telling import follow, told

__all__ = ["Rebuilder", "Replayed", "Unreplayed", "follow", "replay", "told"]
