"""The routes of the operations: a request is read once into what is asked for, within bounds, and answered.

Imported with the first request that has a right token: a start pays for none of the models.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from bridge.api import openapi
from bridge.api.answers import json_answer
from bridge.api.operations import OPERATIONS, Operation
from bridge.api.rooms import Lines
from bridge.api.serving import Serving

MAX_REQUEST_BYTES = 256 * 1024
"""More than the largest body that is as described, in whichever way it is written."""
BODY_DEADLINE_S = 10.0
MOST_FAULTS = 5

PREFIX = "/api"
"""Where the router is mounted."""

Endpoint = Callable[[Request], Awaitable[Response]]


def router(serving: Serving) -> Router:
    """Give the routes, less the prefix under which they are mounted."""
    routes = [
        Route(operation.path.removeprefix(PREFIX), _endpoint(operation, serving), methods=[operation.method])
        for operation in OPERATIONS
    ]
    described = Route(openapi.PATH.removeprefix(PREFIX), _document, methods=["GET"])
    # A path with a slash too many is no path: a redirection would lead wherever the header Host says.
    return Router([*routes, described], redirect_slashes=False, default=_nowhere)


def _endpoint(operation: Operation[Any], serving: Serving) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        wanted = _parameters(operation, request) if operation.method == "GET" else await _body(operation, request)
        given = await operation.does(serving, wanted)
        if isinstance(given, BaseModel):
            return json_answer(given.model_dump_json().encode())
        return StreamingResponse(_lines(given), media_type=openapi.LINES, headers={"Cache-Control": "no-store"})

    return endpoint


async def _document(_request: Request) -> Response:
    return json_answer(orjson.dumps(openapi.document()))


async def _nowhere(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise HTTPException(404, f"there is no such path; {openapi.PATH} has those that there are")


async def _lines(told: Lines) -> Any:
    async for line in told:
        yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _parameters(operation: Operation[Any], request: Request) -> Any:
    given: dict[str, str] = dict(request.path_params)
    for name, value in request.query_params.multi_items():
        if name in given:
            raise HTTPException(400, f"{name[:100]}: it is given twice")
        given[name] = value
    return _validated(operation, lambda: operation.takes.model_validate(given))


async def _body(operation: Operation[Any], request: Request) -> Any:
    body = b""
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            async for part in request.stream():
                body += part
                if len(body) > MAX_REQUEST_BYTES:
                    raise HTTPException(413, f"the body may have {MAX_REQUEST_BYTES:,} bytes at most")
    except TimeoutError as error:
        raise HTTPException(408, f"the body did not come within {BODY_DEADLINE_S:g} s") from error
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media != openapi.JSON:
        raise HTTPException(415, f"the body must be {openapi.JSON}, and its header content-type say so")
    return _validated(operation, lambda: operation.takes.model_validate_json(body or b"{}"))


def _validated(operation: Operation[Any], read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        known = [name for name in operation.takes.model_fields if f"{{{name}}}" not in operation.path]
        raise HTTPException(400, _told(faults, known)) from error


def _told(faults: Iterable[ErrorDetails], known: Sequence[str]) -> str:
    listed = [_fault(fault, known) for fault in faults]
    more = f"; and {len(listed) - MOST_FAULTS} more" if len(listed) > MOST_FAULTS else ""
    return "; ".join(listed[:MOST_FAULTS]) + more


def _fault(fault: ErrorDetails, known: Sequence[str]) -> str:
    place = ".".join(map(str, fault["loc"]))[:100] or "the body"
    if fault["type"] == "extra_forbidden":
        return f"{place}: is not taken here; what is: {', '.join(known) or 'nothing'}"
    return f"{place}: {fault['msg'].removeprefix('Value error, ')}"
