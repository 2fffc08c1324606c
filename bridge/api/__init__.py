"""The JSON API beside the hook endpoint: health and readiness, open; and `/api/`, what people and commands ask for.

health.py      whether the process lives and takes webhooks
access.py      who may use `/api/`, and how much of it
door.py        the one way in
api.py         the two together
answers.py     how is answered, and refused

wanted.py      what can be asked for, as models
shapes.py      what is answered, as models
looking.py     what is told of a database; the command line tells the same
serving.py     what each operation does
rooms.py       what they work with
places.py      how much of it at once
operations.py  the table of them
routes.py      the routes of the table
openapi.py     the document of the table
"""

from bridge.api.access import Access, Allowance
from bridge.api.answers import REFUSALS
from bridge.api.api import Api
from bridge.api.health import MAX_ERRORS, Health
from bridge.api.rooms import Doings, Rooms

__all__ = ["MAX_ERRORS", "REFUSALS", "Access", "Allowance", "Api", "Doings", "Health", "Rooms"]
