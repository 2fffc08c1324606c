"""`/_sandbox/`: how a test sets the scene and reads what happened. No key is asked for.

GET    /_sandbox/state              counts: requests, violations of the budget, tokens spent, pins
GET    /_sandbox/requests           the log; `?pin=`, `?after=<number>`, `?limit=` (the newest 1,000)
GET    /_sandbox/pins               every pin as it is now, with how often it was updated
PUT    /_sandbox/pins/{id}          make an empty pin: `{}` or `{"pin_type": "stat-cards"}`
DELETE /_sandbox/pins/{id}          remove a pin
GET    /_sandbox/faults             the faults that wait, with how often they are still to come
POST   /_sandbox/faults             set one, or a list of them: see `bridge.sandbox.faults.Fault`
DELETE /_sandbox/faults             clear all, or those of `?pin=`
PUT    /_sandbox/keys               the keys from now on: `{"pk_a": ["pins:read", "pins:write"]}`
PUT    /_sandbox/rate               a fresh budget from now on: `{"rate": "180/60s"}`
POST   /_sandbox/reset              begin again, as started
"""

from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, RootModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bridge.errors import SenderError
from bridge.sandbox.account import Meter
from bridge.sandbox.api import json_response, read_bounded, read_json
from bridge.sandbox.faults import NEEDS_TRANSPORT, Fault
from bridge.sandbox.misbehaviour import TRANSPORT
from bridge.sandbox.sandbox import Sandbox
from bridge.units import Window, parse_windows

_MAX_LISTED = 1_000

_Model = TypeVar("_Model", bound=BaseModel)


class _NewPin(BaseModel):
    model_config = ConfigDict(extra="forbid")
    pin_type: str | None = None


class _Rate(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    rate: Annotated[tuple[Window, ...], BeforeValidator(parse_windows)]


class _Keys(RootModel[dict[str, frozenset[str]]]):
    pass


class _FaultList(RootModel[list[Fault] | Fault]):
    pass


async def _state(request: Request) -> Response:
    sandbox = _sandbox(request)
    meter, now = sandbox.account.meter, sandbox.clock()
    windows = [
        {"tokens": each.tokens, "length_s": each.length_s, "spent": meter.spent(each, now)} for each in meter.windows
    ]
    counts = {"requests": sandbox.log.count, "violations": meter.violations, "pins": len(sandbox.pins)}
    return json_response({**counts, "windows": windows, "now": now})


async def _requests(request: Request) -> Response:
    pin, after = request.query_params.get("pin"), _whole(request, "after", 0)
    chosen = [each for each in _sandbox(request).log if each.number > after and (pin is None or each.pin == pin)]
    limit = _whole(request, "limit", _MAX_LISTED)
    return json_response({"requests": [each.to_json() for each in chosen[-limit:]] if limit else []})


async def _pins(request: Request) -> Response:
    return json_response({"pins": [{**pin.to_json(), "updates": pin.updates} for pin in _sandbox(request).pins]})


async def _create_pin(request: Request) -> Response:
    new = await _read(request, _NewPin)
    pin = _sandbox(request).pins.create(request.path_params["pin_id"], new.pin_type, _sandbox(request).now_ms())
    return json_response(pin.to_json(), 201)


async def _delete_pin(request: Request) -> Response:
    _sandbox(request).pins.delete(request.path_params["pin_id"])
    return Response(status_code=204)


async def _faults(request: Request) -> Response:
    waiting = [{**fault.model_dump(), "times": left} for fault, left in _sandbox(request).faults]
    return json_response({"faults": waiting})


async def _add_faults(request: Request) -> Response:
    given = (await _read(request, _FaultList)).root
    faults = given if isinstance(given, list) else [given]
    if TRANSPORT not in request.scope.get("extensions", {}):
        for fault in faults:
            if fault.kind in NEEDS_TRANSPORT:
                message = f"{fault.kind!r} needs a sandbox of its own: run python -m bridge.sandbox"
                raise SenderError(409, "NO_TRANSPORT", message)
    for fault in faults:
        _sandbox(request).faults.add(fault)
    return json_response({"faults": len(faults)}, 201)


async def _clear_faults(request: Request) -> Response:
    _sandbox(request).faults.clear(request.query_params.get("pin"))
    return Response(status_code=204)


async def _set_keys(request: Request) -> Response:
    _sandbox(request).account.keys = (await _read(request, _Keys)).root
    return Response(status_code=204)


async def _set_rate(request: Request) -> Response:
    _sandbox(request).account.meter = Meter((await _read(request, _Rate)).rate)
    return Response(status_code=204)


async def _reset(request: Request) -> Response:
    _sandbox(request).reset()
    return Response(status_code=204)


def _sandbox(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise SenderError(400, "VALIDATION_FAILED", f"{name!r} is a whole number, not {text[:80]!r}")
    return int(text)


async def _read(request: Request, model: type[_Model]) -> _Model:
    given = read_json(await read_bounded(request))
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise SenderError(400, "VALIDATION_FAILED", str(error)) from error


ROUTES = (
    Route("/state", _state, methods=["GET"]),
    Route("/requests", _requests, methods=["GET"]),
    Route("/pins", _pins, methods=["GET"]),
    Route("/pins/{pin_id}", _create_pin, methods=["PUT"]),
    Route("/pins/{pin_id}", _delete_pin, methods=["DELETE"]),
    Route("/faults", _faults, methods=["GET"]),
    Route("/faults", _add_faults, methods=["POST"]),
    Route("/faults", _clear_faults, methods=["DELETE"]),
    Route("/keys", _set_keys, methods=["PUT"]),
    Route("/rate", _set_rate, methods=["PUT"]),
    Route("/reset", _reset, methods=["POST"]),
)
