"""The OpenAPI 3.1 document, made of the table of operations and of the models that they take and give.

https://spec.openapis.org/oas/v3.1.1.html
"""

import inspect
from functools import cache
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from bridge.api.operations import OPERATIONS, Operation
from bridge.api.shapes import Refusal

PATH = "/api/openapi.json"
JSON, LINES = "application/json", "application/x-ndjson"

_TEMPLATE = "#/components/schemas/{model}"
_ALWAYS = (401, 429, 500, 503)
_WITH_BODY = (400, 408, 413, 415)

_REFUSALS = {
    400: "What was asked for is not as described here.",
    401: "The token is missing or wrong.",
    404: "There is no such thing; the message says what there is.",
    408: "The body did not come in time.",
    413: "The body is too large.",
    415: "The body is not JSON, or does not say so.",
    429: "Too much was asked for.",
    500: "The bridge has a fault; its log says which.",
    503: "The database does not answer, or not in time.",
}
_RETRY_AFTER = {
    "Retry-After": {"description": "after how many seconds to ask again", "schema": {"type": "integer", "minimum": 1}}
}
_HEADERS: dict[int, Any] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
}


class _Untitled(GenerateJsonSchema):
    """A field's name is title enough."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - of no field
        return False


@cache
def document() -> dict[str, Any]:
    """Give the document, as JSON values."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    paths[PATH] = {"get": _itself()}
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Pinbridge",
            "summary": "The admin API of a bridge from webhooks to dashboard pins.",
            "version": version("pinbridge"),
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "PINBRIDGE_ADMIN_TOKEN of the bridge"}
            },
        },
    }


def _schemas() -> dict[str, Any]:
    bodies = [operation.takes for operation in OPERATIONS if operation.method == "POST"]
    answers: list[type[BaseModel]] = [Refusal, *(operation.gives for operation in OPERATIONS)]
    _, found = models_json_schema(
        [*((model, "validation") for model in bodies), *((model, "serialization") for model in answers)],
        ref_template=_TEMPLATE,
        schema_generator=_Untitled,
    )
    return dict(sorted(found["$defs"].items()))


def _operation(operation: Operation[Any]) -> dict[str, Any]:
    summary, _, more = (inspect.getdoc(operation.does) or "").partition("\n\n")
    has_body = operation.method == "POST"
    parameters = [] if has_body else _parameters(operation)
    refuses = {*operation.refuses, *_ALWAYS, *(_WITH_BODY if has_body else ()), *((400,) if parameters else ())}
    content = {LINES if operation.in_lines else JSON: {"schema": _ref(operation.gives)}}
    return {
        "operationId": operation.does.__name__,
        "summary": summary,
        **({"description": " ".join(more.split())} if more else {}),
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": _body(operation.takes)} if has_body else {}),
        "responses": {
            "200": {"description": "Done." if has_body else "Found.", "content": content},
            **{str(status): _refusal(status) for status in sorted(refuses)},
        },
    }


def _parameters(operation: Operation[Any]) -> list[dict[str, Any]]:
    schema = operation.takes.model_json_schema(schema_generator=_Untitled)
    return [
        _parameter(name, field, is_in_path=f"{{{name}}}" in operation.path)
        for name, field in schema.get("properties", {}).items()
    ]


def _parameter(name: str, field: dict[str, Any], *, is_in_path: bool) -> dict[str, Any]:
    """Describe a parameter: one that may be left out is not null, but missing."""
    description = field.pop("description", "")
    choices = [choice for choice in field.pop("anyOf", []) if choice != {"type": "null"}]
    if choices:
        field.pop("default")
        (choice,) = choices
        field.update(choice)
    return {
        "name": name,
        "in": "path" if is_in_path else "query",
        "required": is_in_path,
        "description": description,
        "schema": field,
    }


def _body(model: type[BaseModel]) -> dict[str, Any]:
    is_required = any(field.is_required() for field in model.model_fields.values())
    return {"required": is_required, "content": {JSON: {"schema": _ref(model)}}}


def _refusal(status: int) -> dict[str, Any]:
    told = {"description": _REFUSALS[status], "content": {JSON: {"schema": _ref(Refusal)}}}
    return {**told, "headers": _HEADERS[status]} if status in _HEADERS else told


def _itself() -> dict[str, Any]:
    return {
        "operationId": "document",
        "summary": "Give this document.",
        "responses": {
            "200": {"description": "Found.", "content": {JSON: {"schema": {"type": "object"}}}},
            **{str(status): _refusal(status) for status in _ALWAYS},
        },
    }


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _TEMPLATE.format(model=model.__name__)}
