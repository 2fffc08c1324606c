"""Faults on demand: what is to go wrong, for which pin, and how often. Pure."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_FAULTS = 1_000

NEEDS_TRANSPORT = frozenset({"reset", "half"})
"""Kinds that end the connection under the server, which not every server lets an app do."""


class Fault(BaseModel):
    """One fault. `times` None means until cleared; `pin` None means every pin.

    slow       wait `delay_s`, then apply the request and answer as usual
    hang       never answer; `applied` says whether the request takes effect
    reset      end the connection with a TCP reset; `applied` as above
    half       apply, then end the connection in the middle of a 200's body
    status     answer `status` with `code` and `message`, or with `body` as it stands;
               `retry_after_s` sets Retry-After; `applied` as above
    garbage    apply, then answer 200 with HTML in the place of JSON
    redirect   answer 307 to another address of the sandbox; not applied
    huge       apply, then answer 200 with a body of 64 MiB
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["slow", "hang", "reset", "half", "status", "garbage", "redirect", "huge"]
    pin: str | None = None
    method: Literal["GET", "PUT"] | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    delay_s: Annotated[float, Field(ge=0, le=3600)] = 1.0
    applied: bool = False
    status: Annotated[int, Field(ge=200, le=599)] = 500
    code: str | None = None
    message: str | None = None
    body: str | None = None
    retry_after_s: Annotated[int, Field(ge=0)] | None = None

    @property
    def applies(self) -> bool:
        """Whether the request takes effect before or beside what goes wrong."""
        return self.kind in {"slow", "half", "garbage", "huge"} or self.applied


class Faults:
    """The faults that wait, in the order in which they were set; the first that fits is taken."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, int | None]] = []

    def __iter__(self) -> Iterator[tuple[Fault, int | None]]:
        """Give each fault with how many times it is still to come."""
        return iter(self._waiting)

    def add(self, fault: Fault) -> None:
        """Set a fault behind those that wait; the oldest goes where there are too many."""
        self._waiting = [*self._waiting, (fault, fault.times)][-MAX_FAULTS:]

    def clear(self, pin: str | None = None) -> None:
        """Clear all faults, or those of one pin."""
        self._waiting = [each for each in self._waiting if pin is not None and each[0].pin != pin]

    def take(self, pin: str, method: str) -> Fault | None:
        """Take the fault for a request, using it up by one; None where all goes well."""
        for index, (fault, left) in enumerate(self._waiting):
            if fault.pin in {None, pin} and fault.method in {None, method}:
                self._use(index, fault, left)
                return fault
        return None

    def _use(self, index: int, fault: Fault, left: int | None) -> None:
        if left == 1:
            del self._waiting[index]
        elif left is not None:
            self._waiting[index] = (fault, left - 1)
