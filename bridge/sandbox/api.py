"""`PUT` and `GET /v1/pins/{id}`: the part of Pindown's API that the bridge uses, over HTTP.

A request meets, in this order: the bound of its body (413), its key (401), the budget (429), a
fault on demand, the scope (403), the pin (404), the body (400).
"""

import asyncio
from collections.abc import Callable

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from bridge.errors import SenderError
from bridge.sandbox.account import RateLimited, require_scope
from bridge.sandbox.faults import Fault
from bridge.sandbox.log import Exchange
from bridge.sandbox.misbehaviour import Half, Hang, Huge, Reset
from bridge.sandbox.sandbox import MAX_BODY_BYTES, Sandbox

COST = {"PUT": 2, "GET": 1}
"""What a request costs, in tokens."""

_CODES = {
    400: "VALIDATION_FAILED",
    401: "UNAUTHORIZED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    429: "RATE_LIMITED",
    500: "INTERNAL_SERVER_ERROR",
}


async def pin_endpoint(request: Request) -> Response:
    """Answer a request for one pin, or misbehave as told."""
    sandbox: Sandbox = request.app.state.sandbox
    exchange = sandbox.log.begin(_method(request), request.path_params["pin_id"], sandbox.clock())
    try:
        sandbox.log.keep_body(exchange, await read_bounded(request))
        scopes = sandbox.account.scopes_of(request.headers.get("authorization", ""))
        sandbox.account.meter.spend(COST[exchange.method], sandbox.clock())
    except ClientDisconnect:
        return Response(status_code=400)
    except SenderError as error:
        return _refused(sandbox, exchange, error)
    fault = sandbox.faults.take(exchange.pin, exchange.method)
    if fault is None:
        return _end(sandbox, exchange, _answer(sandbox, exchange, scopes))
    return await _misbehave(sandbox, exchange, fault, scopes)


def _method(request: Request) -> str:
    """Count a HEAD as the GET that it stands for."""
    return "PUT" if request.method == "PUT" else "GET"


async def read_bounded(request: Request) -> bytes:
    """Read the body as it streams; raises `SenderError` 413 beyond the bound."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise SenderError(413, "VALIDATION_FAILED", f"The body is larger than {MAX_BODY_BYTES:,} bytes")
    return bytes(body)


def read_json(body: bytes) -> object:
    """Read a body as JSON; raises `SenderError` 400."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise SenderError(400, "VALIDATION_FAILED", f"The body is not JSON: {error}") from error


def json_response(content: object, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(orjson.dumps(content), status_code=status, media_type="application/json")


def _answer(sandbox: Sandbox, exchange: Exchange, scopes: frozenset[str]) -> Response:
    """Do what the request asks for, and answer it."""
    try:
        if exchange.method == "GET":
            require_scope(scopes, "pins:read")
            return json_response({"success": True, "data": sandbox.pins.get(exchange.pin).to_json()})
        require_scope(scopes, "pins:write")
        pin = sandbox.pins.update(exchange.pin, read_json(exchange.body), sandbox.now_ms())
    except SenderError as error:
        exchange.code = error.code
        return _refusal(error)
    exchange.applied = True
    return json_response({"success": True, "data": {"id": pin.id, "updated_at": pin.updated_at}})


async def _misbehave(sandbox: Sandbox, exchange: Exchange, fault: Fault, scopes: frozenset[str]) -> Response:
    exchange.fault = fault.kind
    if fault.kind == "slow":
        await asyncio.sleep(fault.delay_s)
    answer = _answer(sandbox, exchange, scopes) if fault.applies else Response()
    if fault.kind in {"hang", "reset", "half"}:
        return {"hang": Hang, "reset": Reset, "half": Half}[fault.kind](answer.body)
    return _end(sandbox, exchange, _FAULTY[fault.kind](fault, answer, exchange))


def _status(fault: Fault, _answer: Response, exchange: Exchange) -> Response:
    exchange.code = code = fault.code or _CODES.get(fault.status, "ERROR")
    error = {"error": {"code": code, "message": fault.message or f"Answered {fault.status} on demand"}}
    body = orjson.dumps(error) if fault.body is None else fault.body.encode()
    response = Response(body, status_code=fault.status, media_type="application/json")
    if fault.retry_after_s is not None:
        response.headers["retry-after"] = str(fault.retry_after_s)
    return response


def _garbage(_fault: Fault, _answer: Response, _exchange: Exchange) -> Response:
    return Response("<!doctype html><title>Welcome</title><p>{not json", media_type="text/html")


def _redirect(_fault: Fault, _answer: Response, exchange: Exchange) -> Response:
    return Response(status_code=307, headers={"location": f"{exchange.pin}-moved"})


_FAULTY: dict[str, Callable[[Fault, Response, Exchange], Response]] = {
    "slow": lambda _fault, answer, _exchange: answer,
    "status": _status,
    "garbage": _garbage,
    "redirect": _redirect,
    "huge": lambda _fault, _answer, _exchange: Huge(),
}


def _end(sandbox: Sandbox, exchange: Exchange, response: Response) -> Response:
    exchange.status = response.status_code
    exchange.ended_at = sandbox.clock()
    return response


def _refused(sandbox: Sandbox, exchange: Exchange, error: SenderError) -> Response:
    exchange.code = error.code
    return _end(sandbox, exchange, _refusal(error))


def _refusal(error: SenderError) -> Response:
    response = json_response({"error": {"code": error.code, "message": error.message}}, error.status)
    if isinstance(error, RateLimited):
        response.headers["retry-after"] = str(error.retry_after_s)
    return response


def refusal(_request: Request, error: Exception) -> Response:
    """Answer a refusal that an endpoint or the router raised."""
    if isinstance(error, HTTPException):
        error = SenderError(error.status_code, _CODES.get(error.status_code, "ERROR"), error.detail)
    if not isinstance(error, SenderError):
        raise error
    return _refusal(error)
