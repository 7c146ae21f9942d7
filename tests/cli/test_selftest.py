"""`promptguard selftest`: a whole gateway passes it, and a gateway with a hole in it does not."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import StringIO
from pathlib import Path

import pytest
from msgspec import structs
from rich.console import Console

from promptguard_gateway.app import (
    Action,
    Column,
    Direction,
    Family,
    Judge,
    Mode,
    Running,
    Settings,
    policy_of,
    running,
)
from promptguard_gateway.cli.selftest.answers import ANSWERS
from promptguard_gateway.cli.selftest.case import Case, Section
from promptguard_gateway.cli.selftest.cases import CASES
from promptguard_gateway.cli.selftest.command import selftest_command
from promptguard_gateway.cli.selftest.expecting import expected, expected_of_shape, fault
from promptguard_gateway.cli.selftest.firing import Result
from promptguard_gateway.cli.selftest.forms import ANSWER_FORMS, REQUEST_FORMS, Form, forms_of
from promptguard_gateway.cli.selftest.matrix import print_matrix
from promptguard_gateway.cli.selftest.reading import Heard, Seen, Verdict, read_answer, read_decision, read_passage
from promptguard_gateway.cli.selftest.shapes import SHAPES
from promptguard_gateway.cli.selftest.twins import TWINS
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.detectors.catalogue import DETECTORS

KEY = "pg_live_" + "test00000000"
NOWHERE = "http://127.0.0.1:9"

# Against a running gateway.


@asynccontextmanager
async def gateway(folder: Path, judge: Judge | None = None, **settings: object) -> AsyncIterator[Running]:
    """A gateway with its demonstration model and no vLLM."""
    base = {"port": 0, "data": str(folder / "data"), "api_key": KEY, "vllm_base_url": NOWHERE}
    async with running(Settings(**(base | settings)), judge=judge) as it:
        yield it


async def selftest(
    folder: Path, url: str, *, key: str | None = None, only: str = "", as_json: bool = True, **environ: str
) -> int:
    """The exit code; the command runs in a thread, as it would in another process."""
    environ = {"PROMPTGUARD_API_KEY": KEY, **environ}
    with pytest.raises(SystemExit) as caught:
        await asyncio.to_thread(selftest_command, environ, folder, url, key, only=only, json=as_json)
    assert isinstance(caught.value.code, int)
    return caught.value.code


async def test_the_default_gateway_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every case in every form: exit code 0."""
    async with gateway(tmp_path) as it:
        code = await selftest(tmp_path, f"http://127.0.0.1:{it.server.port}")
    told = json.loads(capsys.readouterr().out)
    assert [result for result in told["results"] if result["fault"]] == []
    assert (code, told["passed"]) == (0, True)
    assert told["requests"] == len(told["results"]) > 2_000
    fired = {result["case"] for result in told["results"]}
    assert fired == {each.id for each in (*CASES, *ANSWERS, *TWINS, *SHAPES)}


async def test_a_detector_that_is_off_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, and the matrix says which case and which form let it through."""
    kept = [detector for detector in DETECTORS if detector.spec.id != "link.exfiltration"]
    async with gateway(tmp_path, Judge(kept, policy_of(Settings()))) as it:
        code = await selftest(tmp_path, f"http://127.0.0.1:{it.server.port}", only="4", as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    failed = {line.split(",")[0] for line in lines if line.startswith("FAILED ")}
    assert failed == {"FAILED 45.image"}
    assert lines[-1].endswith(" 1 failed.")


async def test_monitor_mode_passes_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is stopped there, and that is what the settings say."""
    async with gateway(tmp_path, mode="monitor") as it:
        code = await selftest(tmp_path, f"http://127.0.0.1:{it.server.port}", only="plain", PROMPTGUARD_MODE="monitor")
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert any(result["because"] == "monitor mode lets everything through" for result in told["results"])


async def test_a_case_that_there_is_not_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A selftest that fires nothing must not pass."""
    async with gateway(tmp_path) as it:
        assert await selftest(tmp_path, f"http://127.0.0.1:{it.server.port}", only="nothing") == 1
    assert "'nothing'" in capsys.readouterr().err


async def test_no_gateway_is_exit_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that says how to point the command elsewhere."""
    assert await selftest(tmp_path, NOWHERE) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert NOWHERE in said.err
    assert "--url" in said.err


@pytest.mark.parametrize(
    ("settings", "key", "says"),
    [({}, "pg_live_" + "wrong0000000", "PROMPTGUARD_API_KEY"), ({"demo": False}, None, "PROMPTGUARD_DEMO")],
)
async def test_a_gateway_that_cannot_be_tested_is_an_error(
    settings: dict[str, object], key: str | None, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong key or no demonstration model: exit code 1 and one line with the way out."""
    async with gateway(tmp_path, **settings) as it:
        assert await selftest(tmp_path, f"http://127.0.0.1:{it.server.port}/", key=key) == 1
    said = capsys.readouterr().err
    assert said.startswith("promptguard: ")
    assert said.count("\n") == 1
    assert says in said


@pytest.mark.parametrize(
    ("environ", "says"),
    [({"PROMPTGUARD_API_KEY": ""}, "PROMPTGUARD_API_KEY"), ({"PROMPTGUARD_HOST": "0.0.0.0"}, "--url")],
)
def test_what_to_fire_at_must_be_known(
    environ: dict[str, str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a key, or on an address that others share, it wants to be told."""
    with pytest.raises(SystemExit) as caught:
        selftest_command({"PROMPTGUARD_API_KEY": KEY, **environ}, tmp_path, None, None, json=False)
    assert caught.value.code == 1
    assert says in capsys.readouterr().err


# What is expected, and what counts as it.


def form(name: str, forms: tuple[Form, ...] = REQUEST_FORMS) -> Form:
    return next(one for one in forms if one.id == name)


def case(*families: Family, **more: object) -> Case:
    return Case(id="x", section=Section.EVASION, imitates="x", families=families, spellings=("x",), **more)


MODERATE, STRICT, PERMISSIVE = PRESETS["moderate"], PRESETS["strict"], PRESETS["permissive"]


def test_the_expected_verdict_is_the_cell_of_the_policy() -> None:
    """The strongest cell of the families, for the speaker of the form."""
    both = case(Family.EXFILTRATION, Family.PII)
    assert expected(MODERATE, both, form("chat")).verdict is Verdict.BLOCK
    assert expected(MODERATE, case(Family.PII), form("chat")).verdict is Verdict.REDACT
    assert expected(MODERATE, case(Family.PII), form("system")).verdict is Verdict.ALLOW
    assert expected(MODERATE, case(Family.HIDDEN), form("chat")).verdict is Verdict.ALLOW
    assert expected(STRICT, case(Family.HIDDEN), form("chat")).verdict is Verdict.BLOCK


def test_a_policy_that_acts_later_or_earlier_is_no_failure() -> None:
    """Permissive may let an attack pass, strict may stop a twin, and both say why."""
    lenient = expected(PERMISSIVE, case(Family.INJECTION), form("chat"))
    severe = expected(STRICT, case(), form("chat"))
    assert Verdict.ALLOW in lenient.accepted
    assert Verdict.BLOCK in severe.accepted
    assert "0.90" in lenient.because
    assert "0.60" in severe.because
    assert expected(MODERATE, case(), form("chat")).accepted == frozenset()


def test_in_monitor_mode_everything_is_allowed_but_malformed_requests() -> None:
    """A request that is refused is refused in any mode."""
    policy = structs.replace(MODERATE, mode=Mode.MONITOR)
    assert expected(policy, case(Family.INJECTION), form("chat")).verdict is Verdict.ALLOW
    assert {expected_of_shape(policy, shape).verdict for shape in SHAPES} == {Verdict.ALLOW, Verdict.REFUSE}


def test_an_earlier_turn_may_be_withheld() -> None:
    """A gateway that blocked it before replaces it."""
    assert expected(MODERATE, case(Family.INJECTION), form("earlier turn")).accepted == {Verdict.REDACT}


def test_a_value_that_comes_through_is_a_fault_whatever_the_header_says() -> None:
    """For answers the text decides, because headers leave first; for requests the header and the text do."""
    answer, token = form("answer", ANSWER_FORMS), case(Family.SECRETS, value="abc", direction=Direction.OUTPUT)
    wanted = expected(MODERATE, token, answer)
    assert wanted.verdict is Verdict.REDACT
    assert fault(MODERATE, token, answer, wanted, Seen(Verdict.ALLOW, "[TOKEN_REDACTED]")) == ""
    assert fault(MODERATE, token, answer, wanted, Seen(Verdict.ALLOW, "it is abc")) == "allow instead of redact"
    card, chat = case(Family.PII, value="4111"), form("chat")
    redact = expected(MODERATE, card, chat)
    assert fault(MODERATE, card, chat, redact, Seen(Verdict.REDACT, "it is 4111")) == "the value came through"


def test_forms_cover_the_columns_of_the_policy() -> None:
    """There is a form for each kind of speaker, and harmless texts are not cut in two."""
    assert {one.column for one in (*REQUEST_FORMS, *ANSWER_FORMS)} == set(Column)
    assert not any(one.cuts for one in forms_of(case()))
    assert any(one.cuts for one in forms_of(case(Family.INJECTION)))
    assert all(one.protects for one in forms_of(case(Family.LEAK, direction=Direction.OUTPUT, protected="x")))


def test_ids_are_unique() -> None:
    """A row of the matrix is one case."""
    ids = [each.id for each in (*CASES, *ANSWERS, *TWINS, *SHAPES)]
    assert sorted(ids) == sorted(set(ids))


def test_every_attack_is_stopped_somewhere_by_the_default_policy() -> None:
    """A case whose families lead to nothing in any form would always pass."""
    attacks = [each for each in (*CASES, *ANSWERS) if each.id != "48.mere-presence" and Family.PII not in each.families]
    for attack in attacks:
        actions = {MODERATE.cell(family, one.column) for family in attack.families for one in forms_of(attack)}
        assert actions & {Action.BLOCK, Action.REDACT}, attack.id


# How answers are read.

STREAM = {"content-type": "text/event-stream", "x-promptguard-decision": "redact", "x-promptguard-event-id": "evt_1"}


def frames(*data: str) -> bytes:
    return "".join(f"data: {one}\n\n" for one in data).encode()


SAID = '{"choices": [{"delta": {"content": "he"}}]}', '{"choices": [{"delta": {"content": "llo"}}]}'
BLOCKED, FAILED = '{"error": {"code": "request_blocked"}}', '{"error": {"code": "upstream_error"}}'


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        ((*SAID, "[DONE]"), Seen(Verdict.REDACT, "hello", "evt_1")),
        ((*SAID, BLOCKED, "[DONE]"), Seen(Verdict.BLOCK, "hello", "evt_1", "request_blocked")),
        ((*SAID, FAILED), Seen(Verdict.ERROR, "hello", "evt_1", "upstream_error")),
        (SAID, Seen(Verdict.ERROR, "hello", "evt_1", "the stream ended without [DONE]")),
        ((), Seen(Verdict.ERROR, "", "evt_1", "the stream ended without [DONE]")),
    ],
)
def test_a_stream_is_read_to_its_end(data: tuple[str, ...], seen: Seen) -> None:
    """A stream that just stops is an error, and a block in the middle is a block."""
    assert read_answer(Heard(200, STREAM, frames(*data))) == seen


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (400, b'{"error": {"code": "request_blocked"}}', Verdict.BLOCK),
        (404, b'{"error": {"code": "not_found"}}', Verdict.REFUSE),
        (502, b'{"error": {"code": "upstream_unreachable", "type": "upstream_error"}}', Verdict.ERROR),
        (0, b"ServerDisconnectedError", Verdict.ERROR),
    ],
)
def test_an_error_is_told_from_a_block(status: int, body: bytes, verdict: Verdict) -> None:
    """Also no answer at all."""
    assert read_answer(Heard(status, {}, body)).verdict is verdict
    assert read_decision(Heard(status, {}, body)).verdict is verdict


def test_an_upstream_that_fails_was_reached() -> None:
    """So inspection had let the request pass, which is all that the embedding form can show."""
    body = b'{"error": {"code": "upstream_unreachable", "type": "upstream_error"}}'
    assert read_passage(Heard(502, {}, body)).verdict is Verdict.ALLOW
    assert read_passage(Heard(400, {}, b'{"error": {"code": "request_blocked"}}')).verdict is Verdict.BLOCK


def test_the_matrix_counts_failures_and_shows_what_cannot_be_said() -> None:
    """`ok`, the number of spellings that failed, and a dot."""
    base = Result("a", Section.TWIN.value, "x", "input: chat", 1, "allow", "allow", "", "", "")
    results = [
        base,
        structs.replace(base, spelling=2, fault="block instead of allow"),
        structs.replace(base, case="b", form="input: scan"),
    ]
    out = StringIO()
    print_matrix(results, Console(file=out, width=20))
    rows = [line.split() for line in out.getvalue().splitlines()]
    assert ["a", "-1", "·"] in rows
    assert ["b", "·", "ok"] in rows
    assert out.getvalue().splitlines()[-1] == "3 requests, 2 cases: 1 passed, 1 failed."
