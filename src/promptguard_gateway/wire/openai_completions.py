"""The text completion route: a prompt that the model reads as it stands, without a chat template."""

from promptguard_gateway.core.segments import Direction, Role
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire.fields import COMPLETIONS
from promptguard_gateway.wire.openai_request import Request, read_request, read_texts
from promptguard_gateway.wire.strict_json import JsonObject
from promptguard_gateway.wire.walk import folded, over_limit, voice_of

_KNOWN = folded(COMPLETIONS)
_PROMPT = voice_of(Direction.INPUT, Role.USER)


def inventory(
    body: JsonObject, limits: BodyLimits, refuse_unknown: bool = False, allow_fields: frozenset[str] = frozenset()
) -> Request:
    """Read a completion request and account for every string of it. Raises GatewayError, naming the field."""
    walk, request = read_request(body, limits, refuse_unknown, allow_fields, COMPLETIONS, _KNOWN)
    prompt = body.get("prompt")
    texts = read_texts(walk, "prompt", prompt)
    for index, text in enumerate(texts):
        walk.text(("prompt", index) if isinstance(prompt, list) else ("prompt",), text, _PROMPT)
    suffix = body.get("suffix")
    if isinstance(suffix, str):
        walk.text(("suffix",), suffix, _PROMPT)
    request.answers = len(texts) * request.n
    if request.answers > limits.max_messages:
        raise over_limit("prompt", limits.max_messages, "max_messages")
    return request
