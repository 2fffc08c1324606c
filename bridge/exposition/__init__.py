"""`/metrics`: what the rooms counted and what the database says, for Prometheus.

seen.py       what is exposed, as plain values of one moment
families.py   the metrics: names, units, labels; the only module that knows Prometheus, loaded by the first scrape
endpoint.py   the route: who may look, and for how long the database is asked
"""

from bridge.exposition.endpoint import Metrics, Subjects
from bridge.exposition.seen import Loaded

__all__ = ["Loaded", "Metrics", "Subjects"]
