"""The JSON Schema of all messages, from which the browser client's TypeScript types are generated.

`python -m signaling.schema` prints it.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import models_json_schema

from signaling import messages
from signaling.messages import CLIENT_MESSAGE, SERVER_MESSAGE
from signaling.model import Shape

_DEFINITION = "#/$defs/{model}"


def schema() -> dict[str, Any]:
    """One schema whose `$defs` hold `ClientMessage`, `ServerMessage` and everything they are made of."""
    shapes = [
        shape
        for shape in vars(messages).values()
        if isinstance(shape, type) and issubclass(shape, Shape) and shape is not Shape
    ]
    _, definitions = models_json_schema([(shape, "serialization") for shape in shapes], ref_template=_DEFINITION)
    all_definitions: dict[str, Any] = dict(definitions["$defs"])
    for name, adapter in (("ClientMessage", CLIENT_MESSAGE), ("ServerMessage", SERVER_MESSAGE)):
        union = adapter.json_schema(ref_template=_DEFINITION, mode="serialization")
        union.pop("$defs", None)
        union.pop("discriminator", None)
        all_definitions[name] = {"title": name, **union}
    sent = SERVER_MESSAGE.json_schema(mode="serialization")["$defs"]
    for name, definition in all_definitions.items():
        _tidy(definition, always_sent=name in sent)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "SignalingMessages",
        "type": "object",
        "properties": {
            "client": {"$ref": "#/$defs/ClientMessage"},
            "server": {"$ref": "#/$defs/ServerMessage"},
        },
        "required": ["client", "server"],
        "$defs": dict(sorted(all_definitions.items())),
    }


def _tidy(definition: dict[str, Any], *, always_sent: bool) -> None:
    """Drop the titles of members (each would become a named type) and require what is always there.

    The node sends every member of its messages; a client may leave out what has a default.
    """
    properties: dict[str, Any] = definition.get("properties", {})
    for member in properties.values():
        member.pop("title", None)
        member.pop("discriminator", None)
    tags = [name for name, member in properties.items() if "const" in member]
    needed = list(properties) if always_sent else [*definition.get("required", []), *tags]
    if needed:
        definition["required"] = sorted(set(needed))


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2, ensure_ascii=False))
