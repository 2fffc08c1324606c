"""What Pindown accepts in an update of a pin, as far as it is known; stands before every send.

`fit` takes a rendered body and gives it back with numbers and nulls turned into text where
text is wanted, the reasons not to send it (flaws) and what its author should know (notes).
It is pure and total: it never raises, whatever the body holds.

What is checked follows https://docs.pindown.ai (Update Pin, and the pages of the four pin
types whose fields are public): `stat-cards`, `table` and `flexible-table`, `markdown`,
`text-media`. Content of any other type passes as it is, and a note says so.
"""

from bridge.pin_model.body import Fitted, fit
from bridge.pin_model.findings import MAX_FINDINGS, Flaw
from bridge.pin_model.names import PIN_ID, PIN_TYPES

__all__ = ["MAX_FINDINGS", "PIN_ID", "PIN_TYPES", "Fitted", "Flaw", "fit"]
