"""The embeddings route: texts in, vectors out."""

from promptguard_gateway.core.segments import Direction, Role
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire.fields import EMBEDDINGS
from promptguard_gateway.wire.openai_request import Request, read_request, read_texts
from promptguard_gateway.wire.strict_json import JsonObject
from promptguard_gateway.wire.walk import folded, voice_of

_KNOWN = folded(EMBEDDINGS)
_INPUT = voice_of(Direction.INPUT, Role.USER)


def inventory(
    body: JsonObject, limits: BodyLimits, refuse_unknown: bool = False, allow_fields: frozenset[str] = frozenset()
) -> Request:
    """Read an embedding request and account for every string of it. Raises GatewayError, naming the field."""
    walk, request = read_request(body, limits, refuse_unknown, allow_fields, EMBEDDINGS, _KNOWN)
    value = body.get("input")
    for index, text in enumerate(read_texts(walk, "input", value)):
        walk.text(("input", index) if isinstance(value, list) else ("input",), text, _INPUT)
    return request
