"""`pinbridge doctor`: is everything there that a bridge needs to run well, and if not, what to do.

findings.py     what a check comes to
author.py       settings, mappings, sources and their secrets
disk.py         the database's folder: writable, lasting, roomy
destination.py  the key, each literal pin and the clock, by reading pins from the API
examination.py  runs the checks and prints what they found
"""

from bridge.cli.doctor.examination import doctor

__all__ = ["doctor"]
