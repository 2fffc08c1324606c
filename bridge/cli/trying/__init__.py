"""`pinbridge try`: what a mapping makes of payloads, told step by step, with nothing sent.

trial.py     runs the payloads through a rehearsal
report.py    tells what came of it, for people and for scripts
drawing.py   draws a pin's body in the terminal
"""

from bridge.cli.trying.trial import Trying, try_mapping

__all__ = ["Trying", "try_mapping"]
