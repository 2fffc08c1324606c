"""What the API answers, and how it refuses: JSON, every refusal in the bridge's one shape.

`{"error": {"code", "message"}}`
"""

import math
from collections.abc import Mapping

import orjson
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bridge.errors import ConfigurationError, StoreUnavailable
from bridge.events import Json

CODES = {
    400: "bad_request",
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    413: "too_large",
    415: "unsupported_type",
    429: "too_many_requests",
    500: "internal",
    503: "unavailable",
}
"""The word for programs, by status."""

MOST_MESSAGE = 500
"""How much of a message is told, so that nobody is answered with all that they sent."""

_JSON = "application/json"

log = structlog.get_logger()


class TooMany(HTTPException):
    """Too much was asked for; `wait_s` says when to ask again."""

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(429, message, {"Retry-After": str(max(1, math.ceil(wait_s)))})


def answer(body: Json, *, status: int = 200) -> Response:
    """Give `body` as a JSON response."""
    return json_answer(orjson.dumps(body), status=status)


def json_answer(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Give JSON that is written already as a response."""
    return Response(body, status, {"Cache-Control": "no-store", **(headers or {})}, media_type=_JSON)


async def refuse(_request: Request, error: Exception) -> Response:
    """Answer an error of the API or of routing in the bridge's one shape."""
    headers: Mapping[str, str] | None = None
    match error:
        case HTTPException():
            status, message, headers = error.status_code, error.detail, error.headers
            if headers and "Allow" in headers:
                methods = sorted(headers["Allow"].split(", "))
                message = f"this path takes {', '.join(methods)}"
        case ConfigurationError():
            status, message = 404, str(error)
        case StoreUnavailable():
            status, message, headers = 503, str(error), {"Retry-After": str(error.retry_after_s)}
        case _:
            raise error
    return _refusal(status, message, headers)


async def fail(request: Request, error: Exception) -> Response:
    """Answer that the bridge has a fault; what it is stands in the log alone."""
    log.error("request_failed", path=request.url.path, exc_info=error)
    return _refusal(500, "the bridge failed on this request; its log says why", None)


REFUSALS = {HTTPException: refuse, ConfigurationError: refuse, StoreUnavailable: refuse, Exception: fail}
"""What a Starlette app needs to answer this API's errors."""


def _refusal(status: int, message: str, headers: Mapping[str, str] | None) -> Response:
    told = message if len(message) <= MOST_MESSAGE else f"{message[:MOST_MESSAGE]} …"
    body: Json = {"error": {"code": CODES.get(status, "refused"), "message": told}}
    return json_answer(orjson.dumps(body), status=status, headers=headers)
