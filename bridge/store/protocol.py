"""The times of the delivery protocol, in seconds; whoever claims, books or sends goes by these.

claim ───────────────── NEEDED before its end, a request may still begin ── LEASE ends
request ── DEADLINE, it has ended ── DOUBT_REST, nobody applies it any more
"""

REQUEST_DEADLINE_S = 20
"""No request lives longer than this."""

DOUBT_REST_S = 20
"""How long a pin rests after a request of which nobody knows the outcome, so that it is applied before the next."""

LEASE_S = 60
"""How long a claim is its holder's."""

NEEDED_S = 25
"""What a request may need of a lease: its deadline, and room to record its end."""
