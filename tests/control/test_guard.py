"""The Guard API: what a client may send, what it may rely on in the answer, and that nothing goes unread."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from control.parts import AWS, CALM, CARD, INJECTION, MAIL, PREFIXES, check_422, ledger_adds_up
from gateway.house import House, house
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire.guard import GuardInventory
from promptguard_gateway.wire.walk import check_ledger

pytestmark = pytest.mark.asyncio(loop_scope="module")

PIXEL = "data:image/png;base64," + "iVBORw0KGgo" * 4


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("guard")) as it:
        yield it


def user(content: object, role: str = "user", **more: object) -> dict[str, object]:
    return {"role": role, "content": content, **more}


async def guard(here: House, *messages: object, prefix: str = "/api/v1", **more: object) -> dict[str, object]:
    answer = await here.ask({"messages": list(messages), **more}, f"{prefix}/guard")
    assert answer.status == 200, answer.body
    return answer.json()  # type: ignore[return-value]


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_the_three_decisions(here: House, prefix: str) -> None:
    """Exactly allow, redact and block, with every field that clients require, under every prefix."""
    for text, decision in ((CALM, "allow"), (f"I am {MAIL}", "redact"), (INJECTION, "block")):
        answer = await guard(here, user(text), prefix=prefix)
        assert answer["decision"] == decision
        assert answer["event_id"].startswith("evt_")  # type: ignore[union-attr]
        assert 0 <= answer["confidence"] <= 1  # type: ignore[operator]
        assert isinstance(answer["latency_ms"], float)
        assert (answer["redacted_messages"] is not None) == (decision == "redact")
        assert (answer["threat_type"] is None) == (decision == "allow")
        for threat in answer["threats"]:  # type: ignore[union-attr]
            assert {"type", "confidence", "details"} <= threat.keys()
            assert threat["details"].endswith(".")
            assert threat["threshold"]["band"] == "block"
        assert ledger_adds_up(here, answer["event_id"])  # type: ignore[arg-type]


async def test_the_decision_stands_in_the_headers_and_in_the_event(here: House) -> None:
    """As with the proxy: one id, one decision."""
    answer = await here.ask({"messages": [user(INJECTION)]}, "/v1/guard")
    assert answer.headers["x-promptguard-decision"] == "block"
    assert answer.headers["x-promptguard-event-id"] == answer.json()["event_id"]
    event = here.event_of(answer)
    assert (event.decision, event.outcome, event.route, event.status) == ("block", "blocked", "guard", 200)


async def test_redacted_messages_keep_number_order_and_roles(here: House) -> None:
    """All messages come back, changed or not, as text also where blocks were sent."""
    messages = [
        user("Be kind.", "system"),
        user([{"type": "text", "text": f"I am {MAIL}"}, {"type": "text", "text": "and this"}]),
        user(None, "assistant", tool_calls=[{"id": "call_1", "function": {"name": "f", "arguments": "{}"}}]),
        user("done", "tool", tool_call_id="call_1"),
        user([{"type": "image_url", "image_url": {"url": PIXEL}}, {"type": "text", "text": f"card {CARD}"}]),
        user([{"type": "document", "title": "A", "source": {"type": "text", "data": f"mail {MAIL}"}}]),
        user([f"plain {MAIL}"]),
        user(CALM, "function", name="f"),
    ]
    answer = await guard(here, *messages)
    redacted = answer["redacted_messages"]
    assert [one["role"] for one in redacted] == [one["role"] for one in messages]  # type: ignore[union-attr]
    assert [one["content"] for one in redacted] == [  # type: ignore[union-attr]
        "Be kind.",
        "I am [EMAIL_REDACTED]\nand this",
        "",
        "done",
        "card [CREDIT_CARD_REDACTED]",
        "A\nmail [EMAIL_REDACTED]",
        "plain [EMAIL_REDACTED]",
        CALM,
    ]


@pytest.mark.parametrize("role", ["user", "assistant", "system", "tool", "developer", "function", "robot"])
async def test_with_direction_output_every_role_speaks_an_answer(here: House, role: str) -> None:
    """A secret is redacted, an injection is nobody's, whatever the role says."""
    secret = await guard(here, user(f"the key is {AWS}", role), direction="output")
    assert secret["decision"] == "redact"
    assert AWS not in json.dumps(secret)
    assert (await guard(here, user(INJECTION, role), direction="output"))["decision"] == "allow"


@pytest.mark.parametrize(
    ("role", "decision"),
    [
        ("user", "block"),
        ("tool", "block"),
        ("function", "block"),
        ("robot", "block"),
        ("system", "allow"),
        ("developer", "allow"),
        ("assistant", "allow"),
    ],
)
async def test_roles_are_trusted_as_on_the_proxy(here: House, role: str, decision: str) -> None:
    """An unknown role is the least trusted speaker."""
    assert (await guard(here, user(INJECTION, role)))["decision"] == decision


HIDING_PLACES = {
    "a text block": {"messages": [user([{"type": "text", "text": INJECTION}])]},
    "an earlier message": {"messages": [user(INJECTION + " at once"), user(CALM)]},
    "the second document": {"retrieved_context": [{"content": "fine"}, {"content": INJECTION}]},
    "a document's source": {"retrieved_context": [{"content": "fine", "source": INJECTION}]},
    "a document's metadata": {"retrieved_context": [{"content": "fine", "metadata": {"a": [{"b": INJECTION}]}}]},
    "a key of a document's metadata": {"retrieved_context": [{"content": "fine", "metadata": {INJECTION: 1}}]},
    "an unknown member of a document": {"retrieved_context": [{"content": "fine", "note": INJECTION}]},
    "an unknown member of a message": {"messages": [user(CALM, note=INJECTION)]},
    "an unknown member of the body": {"prompt": INJECTION},
    "a name": {"messages": [user(CALM, name=INJECTION)]},
    "a tool call's id": {"messages": [user(CALM, "tool", tool_call_id=INJECTION)]},
    "a role": {"messages": [user(CALM, INJECTION)]},
    "JSON in a tool result": {"messages": [user(json.dumps({"text": INJECTION.replace("g", "\\u0067")}), "tool")]},
    "a tool result block": {
        "messages": [user([{"type": "tool_result", "content": [{"type": "text", "text": INJECTION}]}])]
    },
    "an unknown block": {"messages": [user([{"type": "hologram", "words": {"deep": INJECTION}}])]},
    "a list for a block": {"messages": [user([[INJECTION]])]},
    "the title of a document block": {
        "messages": [user([{"type": "document", "title": INJECTION, "source": {"type": "base64", "data": "QUJD"}}])]
    },
    "the text of a document block": {
        "messages": [user([{"type": "document", "source": {"type": "text", "data": INJECTION}}])]
    },
    "an image's caption": {"messages": [user([{"type": "image_url", "image_url": {"url": PIXEL}, "alt": INJECTION}])]},
    "data that is no base64": {"messages": [user([{"type": "input_audio", "input_audio": {"data": INJECTION}}])]},
    "a data URL of text": {"messages": [user([{"type": "image", "url": f"data:text/plain,{INJECTION}"}])]},
    "media's metadata": {"media": [{"type": "image", "base64": "QUJD", "metadata": {"caption": INJECTION}}]},
    "an image that is a text": {"images": [INJECTION]},
    "a model's name": {"model": INJECTION},
}


@pytest.mark.parametrize("place", HIDING_PLACES)
async def test_an_injection_is_found_wherever_it_stands(here: House, place: str) -> None:
    """No field, block or key is a way around the detectors."""
    body = {"messages": [user(CALM)], **HIDING_PLACES[place]}
    answer = await here.ask(body, "/v1/guard")
    assert answer.json()["decision"] == "block", answer.body
    assert ledger_adds_up(here, answer.json()["event_id"])
    walked = GuardInventory(json.loads(json.dumps(body)), BodyLimits())
    assert check_ledger(walked.inventory, json.loads(json.dumps(body)))


CALLS = {
    "openai": {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": json.dumps({"k": AWS})}},
    "anthropic": {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"k": AWS}},
    "langchain": {"name": "f", "args": {"deep": [{"k": AWS}]}},
    "a key": {"name": "f", "args": {AWS: 1}},
    "a number": {"name": "f", "args": {"card": int(CARD.replace(" ", ""))}},
}


@pytest.mark.parametrize("shape", CALLS)
async def test_tool_calls_of_the_context_are_inspected(here: House, shape: str) -> None:
    """In the shapes of OpenAI, Anthropic and LangChain; the context's metadata is not text for a model."""
    context = {"framework": "langchain", "metadata": {"note": INJECTION}, "tool_calls": [CALLS[shape]]}
    answer = await guard(here, user(CALM), context=context)
    assert answer["decision"] == "redact"
    assert answer["threats"]
    on_the_way_out = await guard(here, user(CALM), context=context, direction="output")
    assert on_the_way_out["decision"] == ("allow" if shape == "a number" else "block")


async def test_tool_calls_of_a_message_are_inspected(here: House) -> None:
    """The arguments of a message's own calls, in both directions."""
    message = user(None, "assistant", tool_calls=[CALLS["openai"]])
    assert (await guard(here, message))["decision"] == "redact"
    assert (await guard(here, message, direction="output"))["decision"] == "block"


UNREADABLE = [
    ({"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}, "url_only"),
    ({"type": "image_url", "image_url": {"url": PIXEL}}, "extractor_unavailable"),
    (
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}},
        "extractor_unavailable",
    ),
    ({"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}, "url_only"),
    ({"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}}, "extractor_unavailable"),
    ({"type": "file", "file": {"file_id": "file-abc123"}}, "file_id_unsupported"),
    ({"type": "hologram", "type2": 7}, "unsupported_block"),
    ({}, "unsupported_block"),
    (7, "unsupported_block"),
    (None, "unsupported_block"),
]


@pytest.mark.parametrize(("block", "reason"), UNREADABLE)
async def test_what_cannot_be_read_is_reported(here: House, block: object, reason: str) -> None:
    """Unknown blocks and media never fail a request and never pass in silence."""
    answer = await guard(here, user(CALM), user([block, {"type": "text", "text": CALM}]))
    assert answer["decision"] == "allow"
    if block != {"type": "hologram", "type2": 7}:  # a key is text, so something of it was read
        assert [(one["index"], one["reason"]) for one in answer["unscanned"]] == [(1, reason)]  # type: ignore[union-attr]


async def test_images_and_media_are_reported(here: House) -> None:
    """The two lists beside the messages, entry by entry."""
    answer = await guard(
        here,
        user(CALM),
        images=["https://example.org/a.png", PIXEL],
        media=[
            {"type": "audio", "mime_type": "audio/wav", "base64": "QUJD"},
            {"type": "image", "url": "https://e.org/x"},
        ],
        device_findings=[{"category": "email", "count": 3}],
    )
    assert answer["decision"] == "allow"
    assert [(one["index"], one["reason"]) for one in answer["unscanned"]] == [  # type: ignore[union-attr]
        (0, "url_only"),
        (1, "extractor_unavailable"),
        (0, "extractor_unavailable"),
        (1, "url_only"),
    ]


WRONG_GUARD: list[tuple[object, str]] = [
    ({}, "messages"),
    ({"messages": []}, "messages"),
    ({"messages": None}, "messages"),
    ({"messages": [user(7)]}, "content"),
    ({"messages": [user({"text": "x"})]}, "content"),
    ({"messages": [{"content": "x"}]}, "role"),
    ({"messages": [user(CALM)], "direction": "sideways-" + AWS}, "direction"),
    ({"messages": [user(CALM)], "context": {"session_id": "x" * 256}}, "session_id"),
    ({"messages": [user(CALM)], "retrieved_context": [{}]}, "retrieved_context"),
    ({"messages": [user(CALM)], "images": [7]}, "images"),
]


@pytest.mark.parametrize(("body", "names"), WRONG_GUARD)
@pytest.mark.parametrize("prefix", PREFIXES)
async def test_a_body_of_the_wrong_shape_is_422(here: House, body: object, names: str, prefix: str) -> None:
    """With FastAPI's `detail` and our `error`, naming the field; and there is an event."""
    answer = await here.ask(body, f"{prefix}/guard")
    check_422(answer, names)
    event = here.event_of(answer)
    assert (event.outcome, event.status, event.decision) == ("refused", 422, "allow")


async def test_too_much_text_says_so(here: House) -> None:
    """413 or 422, and in the words by which clients know a size error; at the limit it passes."""
    for path, body in (
        ("/v1/guard", {"messages": [user("a b " * 12_500), user("c d " * 12_501)]}),
        ("/v1/security/scan", {"content": "a b " * 25_001}),
        ("/v1/security/scan", {"text": "a b " * 25_001}),
        ("/v1/security/redact", {"content": "a b " * 25_001}),
    ):
        answer = await here.ask(body, path)
        assert answer.status in (413, 422)
        assert "exceeds" in answer.json()["error"]["message"]
        assert "too large" in answer.json()["error"]["message"]
        assert here.event_of(answer).status == answer.status
    assert (await here.ask({"content": "a b " * 25_000}, "/v1/security/scan")).status == 200


@pytest.mark.parametrize("path", ["/guard", "/security/scan", "/security/redact"])
@pytest.mark.parametrize("prefix", PREFIXES)
async def test_every_route_wants_a_key_and_json(here: House, path: str, prefix: str) -> None:
    """401 without a key, 400 for what is no JSON, 422 for what is no object, 415 for another media type."""
    full = prefix + path
    assert (await here.ask({}, full, key=None)).json()["error"]["code"] == "missing_api_key"
    assert (await here.ask(b"{oops", full)).status == 400
    assert (await here.ask(b"[]", full)).status == 422
    assert (await here.ask({}, full, **{"content-type": "text/plain"})).status == 415


async def test_nothing_of_it_goes_upstream(here: House) -> None:
    """The Guard API decides; it forwards nothing. No event holds a value."""
    assert here.upstream.requests == []
    stored = b"".join(path.read_bytes() for path in here.folder.iterdir() if path.is_file())
    for value in (MAIL, AWS, CARD):
        assert value.encode() not in stored
