"""The part of docs/api.md that is made of the OpenAPI document; as a program, writes it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bridge.api.openapi import document

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
BEGIN, END = "<!-- made of the document -->\n", "<!-- until here -->\n"

Schema = dict[str, Any]

SCHEMAS: Schema = document()["components"]["schemas"]


def operations() -> str:
    """Give every operation and every shape as Markdown."""
    paths = document()["paths"]
    told = [_operation(method, path, each) for path, found in paths.items() for method, each in found.items()]
    shapes = [_shape(name, schema) for name, schema in SCHEMAS.items() if schema.get("properties")]
    return "\n".join([*told, "## What is sent and answered\n", *shapes])


def written(page: str) -> str:
    """Give a page with this part made anew."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{operations()}\n{END}{rest.partition(END)[2]}"


def _operation(method: str, path: str, operation: Schema) -> str:
    return "\n".join([f"### `{method.upper()} {path}`", "", *_told(operation), ""])


def _told(operation: Schema) -> Iterator[str]:
    yield " ".join([operation["summary"], operation.get("description", "")]).strip()
    if "parameters" in operation:
        yield "\n| parameter | | meaning |\n|---|---|---|"
        for each in operation["parameters"]:
            place = "in the path" if each["in"] == "path" else _kind(each["schema"])
            yield f"| `{each['name']}` | {place} | {_text(each)} |"
    if "requestBody" in operation:
        yield f"\nBody: {_body(operation['requestBody'])}."
    ((media, answer),) = operation["responses"]["200"]["content"].items()
    each_line = " in each line" if media.endswith("ndjson") else ""
    refused = ", ".join(status for status in operation["responses"] if status != "200")
    yield f"\nAnswer: {_kind(answer['schema'])}{each_line}; or {refused}."


def _body(described: Schema) -> str:
    (content,) = described["content"].values()
    if not SCHEMAS[content["schema"]["$ref"].rpartition("/")[2]].get("properties"):
        return "none"
    return _kind(content["schema"]) + ("" if described["required"] else ", or none")


def _shape(name: str, schema: Schema) -> str:
    rows = [f"| `{field}` | {_kind(each)} | {_text(each)} |" for field, each in schema["properties"].items()]
    return "\n".join(
        [f"### {name}", "", schema["description"], "", "| field | | meaning |", "|---|---|---|", *rows, ""]
    )


def _kind(schema: Schema) -> str:
    """Say what a value is, in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if schema.get("type") == "array":
        most = f" (at most {schema['maxItems']:,})" if "maxItems" in schema else ""
        return f"list of {_kind(schema['items'])}{most}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_kind(schema['additionalProperties'])}"
    kind: str = {"date-time": "time", None: ""}.get(schema.get("format"), "") or schema.get("type", "any")
    return kind + _bounds(schema)


def _bounds(schema: Schema) -> str:
    if "maximum" in schema:
        return f", {schema['minimum']:,} to {schema['maximum']:,}"
    return f", at most {schema['maxLength']} characters" if "maxLength" in schema else ""


def _text(schema: Schema) -> str:
    own = schema.get("schema", schema)
    default = own.get("default")
    left_out = "" if default is None else f"; {default} where it is left out"
    return f"{schema.get('description', '')}{left_out}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
