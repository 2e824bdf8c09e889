"""As much of JSON Schema (2020-12) as the schemas of the documents use; anything else is refused,
so that no rule in them goes unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_KNOWN = {
    *("$schema", "title", "description"),
    *("type", "enum", "const", "pattern", "minimum"),
    *("properties", "required", "additionalProperties", "items"),
}
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


def faults(value: Any, schema: dict[str, Any], where: str = "$") -> Iterator[str]:
    """What of `value` the schema does not allow, in words."""
    unknown = schema.keys() - _KNOWN
    if unknown:
        raise ValueError(f"{where}: the schema uses {sorted(unknown)}, which is not looked at")
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if kinds and not any(_is(value, kind) for kind in kinds):
        yield f"{where}: {value!r} is not {' or '.join(kinds)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{where}: {value!r} does not match {schema['pattern']}"
    if _is(value, "integer") and value < schema.get("minimum", value):
        yield f"{where}: {value} is too small"
    if isinstance(value, dict):
        yield from _of_object(value, schema, where)
    if isinstance(value, list):
        for number, entry in enumerate(value):
            yield from faults(entry, schema["items"], f"{where}[{number}]")


def _is(value: Any, kind: str) -> bool:
    # In Python True is an int; in JSON it is not.
    return isinstance(value, _TYPES[kind]) and not (kind == "integer" and isinstance(value, bool))


def _of_object(value: dict[str, Any], schema: dict[str, Any], where: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{where}: {name} is missing"
    others = schema.get("additionalProperties", {})
    for name, entry in value.items():
        if name in properties:
            yield from faults(entry, properties[name], f"{where}.{name}")
        elif others is False:
            yield f"{where}: {name} is not documented"
        else:
            yield from faults(entry, others, f"{where}.{name}")
