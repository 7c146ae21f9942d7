"""The forms of a case: every place in a request or an answer where its text can stand, on every route.

A form knows the column of the policy that judges its text, so that the expected decision can be worked out.
"""

import json
from collections.abc import Callable

from msgspec import Struct

from promptguard_gateway.app import Column, Direction
from promptguard_gateway.cli.selftest.case import Case
from promptguard_gateway.cli.selftest.reading import Reader, Shot, read_answer, read_decision, read_passage, shot
from promptguard_gateway.cli.selftest.spelling import every_second

_CHAT, _COMPLETIONS = "/v1/chat/completions", "/v1/completions"
_GUARD, _SCAN, _EMBEDDINGS = "/v1/guard", "/v1/security/scan", "/v1/embeddings"
_QUESTION = {"role": "user", "content": "What can you do?"}


class Form(Struct, frozen=True, kw_only=True):
    """One column of the matrix. `build`: the model's name, a case and its text -> the request.

    `cuts`: the text is cut in two, which makes another text of a harmless one: twins are not said in such a form.
    `repeated`: the text is an earlier turn, which a gateway that blocked it before withholds instead. `decides_only`:
    the route forwards nothing, so there is no answer whose words could be looked at. `protects`: the request can bring
    a system message. `hides_redaction`: what passes goes to a model that need not exist.
    """

    id: str
    column: Column
    build: Callable[[str, Case, str], Shot]
    read: Reader = read_answer
    direction: Direction = Direction.INPUT
    cuts: bool = False
    repeated: bool = False
    decides_only: bool = False
    protects: bool = False
    hides_redaction: bool = False


def _chat(model: str, *messages: object, **more: object) -> Shot:
    return shot(_CHAT, model=model, messages=messages, **more)


def _user(content: object, **more: object) -> dict[str, object]:
    return {"role": "user", "content": content, **more}


def _halves(text: str) -> tuple[str, str]:
    """Cut behind the blank nearest to the middle, or inside a text without any."""
    middle = len(text) // 2
    blanks = [at for at in (text.rfind(" ", 0, middle), text.find(" ", middle)) if at > 0]
    cut = min(blanks, key=lambda at: abs(at - middle), default=middle - 1) + 1
    return text[:cut], text[cut:]


def _call(arguments: str) -> dict[str, object]:
    function = {"name": "save_note", "arguments": arguments}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": function}],
    }


def _result(text: str) -> dict[str, object]:
    return {"role": "tool", "tool_call_id": "c1", "content": text}


def _escaped(text: str) -> str:
    """JSON arguments with every letter escaped."""
    units = text.encode("utf-16-be", "surrogatepass")
    letters = (f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
    return '{"note": "' + "".join(letters) + '"}'


def _tool(text: str) -> dict[str, object]:
    note = {"type": "string", "description": text}
    parameters = {"type": "object", "properties": {"note": note}}
    return {"type": "function", "function": {"name": "save_note", "parameters": parameters}}


def _parts(text: str) -> list[object]:
    return [{"type": "text", "text": half} for half in _halves(text)]


def _input(
    id_: str,
    build: Callable[[str, str], Shot],
    column: Column = Column.UNTRUSTED,
    *,
    cuts: bool = False,
    repeated: bool = False,
    read: Reader = read_answer,
    hides_redaction: bool = False,
) -> Form:
    return Form(
        id=id_,
        column=column,
        build=lambda model, case, text: build(model, text),
        read=read,
        cuts=cuts,
        repeated=repeated,
        hides_redaction=hides_redaction,
    )


def _decided(
    id_: str,
    build: Callable[[str], Shot],
    column: Column = Column.UNTRUSTED,
    direction: Direction = Direction.INPUT,
) -> Form:
    return Form(
        id=id_,
        column=column,
        build=lambda model, case, text: build(text),
        read=read_decision,
        direction=direction,
        decides_only=True,
    )


def _said(id_: str, seed: int | None) -> Form:
    """An answer of the demonstration model: whole, or cut into pieces of so many letters."""
    more: dict[str, object] = {} if seed is None else {"stream": True, "seed": seed}

    def build(model: str, case: Case, text: str) -> Shot:
        system = [{"role": "system", "content": case.protected}] if case.protected else []
        return _chat(model, *system, _user(every_second(text)), **more)

    return Form(id=id_, column=Column.ANSWER, build=build, direction=Direction.OUTPUT, protects=True)


def _completed(id_: str, seed: int | None) -> Form:
    more: dict[str, object] = {} if seed is None else {"stream": True, "seed": seed}
    return Form(
        id=id_,
        column=Column.ANSWER,
        build=lambda model, case, text: shot(_COMPLETIONS, model=model, prompt=every_second(text), **more),
        direction=Direction.OUTPUT,
    )


CHAT, STREAM = "chat", "chat, stream"

REQUEST_FORMS: tuple[Form, ...] = (
    _input(CHAT, lambda model, text: _chat(model, _user(text))),
    _input(STREAM, lambda model, text: _chat(model, _user(text), stream=True)),
    _input("parts", lambda model, text: _chat(model, _user(_parts(text))), cuts=True),
    _input("two turns", lambda model, text: _chat(model, *map(_user, _halves(text))), cuts=True, repeated=True),
    _input(
        "earlier turn",
        lambda model, text: _chat(model, _user(text), {"role": "assistant", "content": "Yes?"}, _QUESTION),
        repeated=True,
    ),
    _input(
        "system",
        lambda model, text: _chat(model, {"role": "system", "content": text}, _QUESTION),
        Column.SYSTEM,
    ),
    _input(
        "tool result", lambda model, text: _chat(model, _QUESTION, _call("{}"), _result(json.dumps({"page": text})))
    ),
    _input(
        "call arguments",
        lambda model, text: _chat(model, _QUESTION, _call(_escaped(text)), _result("saved")),
        Column.HISTORY,
    ),
    _input("tool definition", lambda model, text: _chat(model, _QUESTION, tools=[_tool(text)]), Column.TOOL_DEFINITION),
    _input("name", lambda model, text: _chat(model, _user("What can you do?", name=text))),
    _input("metadata", lambda model, text: _chat(model, _QUESTION, metadata={"note": text})),
    _input("completion", lambda model, text: shot(_COMPLETIONS, model=model, prompt=text)),
    _input("completion, stream", lambda model, text: shot(_COMPLETIONS, model=model, prompt=text, stream=True)),
    _input(
        "embedding",
        lambda model, text: shot(_EMBEDDINGS, model=model, input=["harbour", text]),
        read=read_passage,
        hides_redaction=True,
    ),
    _decided("guard", lambda text: shot(_GUARD, messages=[_user(text)])),
    _decided("guard, document", lambda text: shot(_GUARD, messages=[_QUESTION], retrieved_context=[{"content": text}])),
    _decided(
        "guard, arguments",
        lambda text: shot(_GUARD, messages=[_QUESTION, _call(_escaped(text))]),
        Column.HISTORY,
    ),
    _decided("scan", lambda text: shot(_SCAN, content=text, type="prompt")),
)

ANSWER_FORMS: tuple[Form, ...] = (
    _said("answer", None),
    *(_said(f"answer by {size}", size) for size in (1, 2, 3, 7, 16, 64)),
    _completed("completion", None),
    _completed("completion by 1", 1),
    _decided(
        "guard",
        lambda text: shot(_GUARD, direction="output", messages=[{"role": "assistant", "content": text}]),
        Column.ANSWER,
        Direction.OUTPUT,
    ),
    _decided(
        "guard, arguments",
        lambda text: shot(_GUARD, direction="output", messages=[_call(json.dumps({"note": text}))]),
        Column.ANSWER_TOOL_ARGUMENTS,
        Direction.OUTPUT,
    ),
    _decided("scan", lambda text: shot(_SCAN, content=text, type="response"), Column.ANSWER, Direction.OUTPUT),
)


def forms_of(case: Case) -> tuple[Form, ...]:
    """The forms in which a case can be said."""
    if case.direction is Direction.INPUT:
        return tuple(form for form in REQUEST_FORMS if case.families or not form.cuts)
    return tuple(form for form in ANSWER_FORMS if form.protects or not case.protected)
