"""The dialects that model routes speak, as one table: how to read a request, how to read and redact an answer."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from promptguard_gateway.core.decision import Edit
from promptguard_gateway.core.policy import Policy
from promptguard_gateway.core.segments import Inventory, Segment
from promptguard_gateway.core.stream import Piece
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.events import Usage
from promptguard_gateway.domain.settings import BodyLimits, Settings
from promptguard_gateway.proxy.inspect import Judgement
from promptguard_gateway.proxy.redaction import redact
from promptguard_gateway.proxy.restoring import pieces_of
from promptguard_gateway.wire import openai_answers, openai_chat, openai_completions, openai_embeddings
from promptguard_gateway.wire.logprobs import cut_logprobs
from promptguard_gateway.wire.openai_request import Request
from promptguard_gateway.wire.strict_json import JsonObject, parse_object

Reader = Callable[[JsonObject, BodyLimits, bool, frozenset[str]], Request]


class Dialect(Struct, frozen=True):
    """`path` of the upstream below /v1, and how its requests are read."""

    path: str
    read: Reader

    def read_request(self, tree: JsonObject, settings: Settings, policy: Policy) -> Request:
        """Check and account for a request. Raises GatewayError, naming the field."""
        return self.read(tree, settings.body, policy.refuse_unknown_fields, frozenset(settings.allow_fields))


DIALECTS: Mapping[str, Dialect] = {
    "openai_chat": Dialect("/chat/completions", openai_chat.inventory),
    "openai_completions": Dialect("/completions", openai_completions.inventory),
    "openai_embeddings": Dialect("/embeddings", openai_embeddings.inventory),
}


def read_answer(data: bytes, settings: Settings) -> JsonObject:
    """Parse an upstream's answer as strictly as a request. Raises GatewayError `upstream_error`."""
    limits = answer_limits(settings)
    try:
        return parse_object(data, limits)
    except GatewayError as error:
        raise GatewayError(
            "upstream_error",
            f"The upstream's answer cannot be trusted: it is not the JSON that was asked for ({error.code}).",
        ) from None


def answer_limits(settings: Settings) -> BodyLimits:
    """Answers may be longer than requests: vectors of embeddings, log-probabilities."""
    return BodyLimits(max_nodes=5_000_000, max_string=settings.upstream.max_body_bytes)


def answer_inventory(tree: JsonObject, settings: Settings) -> Inventory:
    """Account for every string of an answer. Raises GatewayError `upstream_error`."""
    return openai_answers.inventory(tree, answer_limits(settings))


def redact_answer(tree: JsonObject, judgement: Judgement, *, may_redact: bool) -> None:
    """Carry out the edits, and let log-probabilities share the fate of their text."""
    choices = tree.get("choices")
    for index, choice in enumerate(choices if isinstance(choices, list) else []):
        if isinstance(choice, dict) and choice.get("logprobs") is not None:
            choice["logprobs"] = cut_logprobs(choice["logprobs"], _texts_of(choice, index, judgement), may_redact)
    redact(tree, judgement)


def _texts_of(choice: JsonObject, index: int, judgement: Judgement) -> Iterator[tuple[str, list[Piece]]]:
    """What a choice says, in the order in which servers list its tokens, with what became of it."""
    message = choice.get("message")
    holder, at = (message, ("message",)) if isinstance(message, dict) else (choice, ())
    for member in ("reasoning", "reasoning_content", "content", "text"):
        text = holder.get(member)
        if isinstance(text, str):
            edits = _edits_at(("choices", index, *at, member), judgement.segments, judgement.decision.edits)
            yield text, pieces_of(text, edits)


def _edits_at(place: tuple[str | int, ...], segments: Sequence[Segment], edits: Sequence[Edit]) -> list[Edit]:
    return [edit for edit in edits if segments[edit.segment].location == place]


def usage_of(answer: JsonObject) -> Usage | None:
    """The tokens that the upstream counted, where it said so."""
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens", "total_tokens")]
    prompt, completion, total = (count if type(count) is int else 0 for count in counts)
    return Usage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=total)
