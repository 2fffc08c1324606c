"""From due pins to confirmed updates: claim, render, gate, PUT, retry or park.

agenda.py     when the next look into the store is worth it
gate.py       what the key may do now
loop.py       claims due pins and runs their deliveries side by side
confirmations.py  who waits until pins show what they were moved to
flushing.py   who waits until what is due is sent
delivery.py   the way of one pin, from its claim to its settlement
drawing.py    what it shows
client.py     the requests to the Pindown API; alone in knowing HTTP
answer.py     what an answer of the API says
decision.py   what follows from an answer, or from none
"""

from bridge.outbound.client import PindownClient, PinUpdate, describe_update
from bridge.outbound.confirmations import Tell, Touched
from bridge.outbound.loop import DeliveryLoop

__all__ = ["DeliveryLoop", "PinUpdate", "PindownClient", "Tell", "Touched", "describe_update"]
