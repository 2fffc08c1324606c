"""What becomes of requests that are no events: the answer, a line in the log, and a count."""

from collections.abc import Mapping

from bridge.errors import KeyUnavailable, NotDelivered, SenderError, StoreUnavailable
from bridge.inbound.answers import CLOSE, Answer, internal, put_off, refusal
from bridge.inbound.handshakes import Handshaken
from bridge.inbound.sources import Source
from bridge.once_a_minute import OnceAMinute
from bridge.proxies import Scope
from bridge.tallies import UNKNOWN, HookTally

_DRAINING_RETRY_S = 5
_MAX_NAME = 63
_PREFIX = "/hooks/"


class Draining(Exception):
    """The process is asked to end, and takes nothing more."""


class Failures:
    """Answers whatever is no event; `seldom` tells of it, and `tally` counts it."""

    def __init__(self, seldom: OnceAMinute, tally: HookTally) -> None:
        self._seldom = seldom
        self._tally = tally

    def answer(self, error: Exception, scope: Scope, sources: Mapping[str, Source]) -> Answer:
        """Say what became of a request that is no event; a line in the log says it too."""
        name = source_name(scope)
        match error:
            case Handshaken():
                code, answer = "handshake", Answer(error.status, error.fields, error.body)
                self._seldom.info("handshake_answered", name, source=name, method=scope["method"])
            case SenderError():
                code, answer = error.code, self._refuse(error, name, sources.get(name))
            case StoreUnavailable():
                code = "store_unavailable"
                answer = self._put_off(code, str(error), error.retry_after_s)
            case KeyUnavailable():
                code = "key_unavailable"
                answer = self._put_off(code, str(error), error.retry_after_s)
            case NotDelivered():
                code = "not_delivered"
                answer = self._put_off(code, str(error), error.retry_after_s)
            case Draining():
                code = "draining"
                answer = self._put_off(code, "the bridge is stopping; send again", _DRAINING_RETRY_S)
                answer = answer._replace(fields=(*answer.fields, CLOSE))
            case _:
                code, answer = "internal", internal(error, scope["path"])
        self._tally.answers[name if name in sources else UNKNOWN, answer.status, code] += 1
        return answer

    def _put_off(self, code: str, message: str, retry_after_s: int) -> Answer:
        """Ask the sender to come back; the reasons are few, and each is told."""
        self._seldom.warn("webhook_put_off", code, message, code=code, message=message)
        return put_off(code, message, retry_after_s)

    def _refuse(self, error: SenderError, name: str, source: Source | None) -> Answer:
        # Names that nobody knows are one kind of refusal: their number is up to whoever sends.
        known_as = name if source is not None else ""
        facts = {"source": name[:_MAX_NAME], "status": error.status, "code": error.code, "message": error.message}
        self._seldom.warn("webhook_refused", known_as, error.code, **facts)
        return refusal(error, source)


def source_name(scope: Scope) -> str:
    """Give the name of a source as the address has it; there need be none of that name."""
    path: str = scope["path"]
    return path.removeprefix(_PREFIX)
