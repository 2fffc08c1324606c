"""`pinbridge try`: what a mapping makes of payloads, told step by step, with nothing sent.

trial.py     runs the payloads through a rehearsal
records.py   what came of it
report.py    tells it to people
drawing.py   draws a pin's body in the terminal
document.py  tells it to scripts
"""

from bridge.cli.trying.trial import Trying, try_mapping

__all__ = ["Trying", "try_mapping"]
