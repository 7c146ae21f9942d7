"""Sends the catalogue to a gateway: few requests at a time, each within seconds and all of them within minutes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import aiohttp
from msgspec import Struct
from yarl import URL

from promptguard_gateway.app import Policy
from promptguard_gateway.cli.selftest.answers import ANSWERS
from promptguard_gateway.cli.selftest.case import Case
from promptguard_gateway.cli.selftest.cases import CASES
from promptguard_gateway.cli.selftest.expecting import Expected, expected, expected_of_shape, fault
from promptguard_gateway.cli.selftest.forms import CHAT, STREAM, Form, forms_of
from promptguard_gateway.cli.selftest.reading import Heard, Seen, Shot, Verdict, read_answer, shot
from promptguard_gateway.cli.selftest.shapes import SHAPES, Shape
from promptguard_gateway.cli.selftest.twins import TWINS

_AT_A_TIME = 8
_SECONDS_EACH = 30.0
_SECONDS_ALL = 900.0
_LONGEST = 4 * 1024 * 1024  # bytes of an answer

Progress = Callable[[int, int], None]
"""Called with how many requests are done, and of how many."""


class Unreachable(Exception):
    """There is no gateway at this address; the message is the line to print."""


class Unready(Exception):
    """There is a gateway, but it cannot be tested like this; the message is the line to print."""


class Target(Struct, frozen=True):
    """The gateway to fire at. `model`: the demonstration model, unless somebody names another."""

    url: str
    key: str
    model: str


class Result(Struct, frozen=True):
    """One request and what came of it. `fault`: what is wrong, in a few words; empty when nothing is."""

    case: str
    section: str
    imitates: str
    form: str
    spelling: int
    expected: str
    seen: str
    fault: str
    because: str
    event: str


class _Round(Struct, frozen=True):
    """A request, and how its answer becomes a result."""

    shot: Shot
    conclude: Callable[[Heard], Result]


async def fire_all(target: Target, policy: Policy, only: str, progress: Progress) -> list[Result]:
    """Every case whose id begins with `only`, in every form. Raises Unreachable or Unready before anything is tried."""
    async with _session(target) as session:
        await _require_gateway(session, target)
        await _require_model(session, target)
        rounds = list(_rounds(target, policy, only))
        if not rounds:
            raise Unready(f"no case's id begins with {only!r}")
        results: list[Result] = []
        turns = asyncio.Semaphore(_AT_A_TIME)

        async def play(one: _Round) -> Result:
            async with turns:
                result = one.conclude(await _heard(session, target, one.shot))
            results.append(result)
            progress(len(results), len(rounds))
            return result

        try:
            async with asyncio.timeout(_SECONDS_ALL):
                return await asyncio.gather(*map(play, rounds))
        except TimeoutError:
            raise Unready(
                f"after {_SECONDS_ALL:g} seconds {len(results)} of {len(rounds)} requests were done"
            ) from None


def _rounds(target: Target, policy: Policy, only: str) -> Iterator[_Round]:
    for case in (each for each in (*CASES, *ANSWERS, *TWINS) if each.id.startswith(only)):
        for form in forms_of(case):
            wanted = expected(policy, case, form)
            if form.hides_redaction and wanted.verdict is Verdict.REDACT:
                continue
            for number, text in enumerate(case.spellings, 1):
                yield _Round(form.build(target.model, case, text), _judged(policy, case, form, wanted, number))
    for shape in (each for each in SHAPES if each.id.startswith(only)):
        wanted = expected_of_shape(policy, shape)
        for name, stream in ((CHAT, False), (STREAM, True)):
            yield _Round(shape.build(target.model, stream), _judged_shape(shape, name, wanted))


def _judged(policy: Policy, case: Case, form: Form, wanted: Expected, number: int) -> Callable[[Heard], Result]:
    def conclude(heard: Heard) -> Result:
        seen = form.read(heard)
        return Result(
            case=case.id,
            section=case.section.value,
            imitates=case.imitates,
            form=f"{form.direction.value}: {form.id}",
            spelling=number,
            expected=wanted.verdict.value,
            seen=seen.verdict.value,
            fault=fault(policy, case, form, wanted, seen),
            because=wanted.because,
            event=seen.event,
        )

    return conclude


def _judged_shape(shape: Shape, form: str, wanted: Expected) -> Callable[[Heard], Result]:
    def conclude(heard: Heard) -> Result:
        seen = read_answer(heard)
        right = seen.verdict is wanted.verdict or seen.verdict in wanted.accepted
        return Result(
            case=shape.id,
            section=shape.section.value,
            imitates=shape.imitates,
            form=f"whole request: {form}",
            spelling=1,
            expected=wanted.verdict.value,
            seen=seen.verdict.value,
            fault="" if right else f"{seen.verdict.value} instead of {wanted.verdict.value} {seen.note}".strip(),
            because=wanted.because,
            event=seen.event,
        )

    return conclude


@asynccontextmanager
async def _session(target: Target) -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=_SECONDS_EACH)
    headers = {"Authorization": f"Bearer {target.key}"}
    connector = aiohttp.TCPConnector(limit=_AT_A_TIME)
    async with aiohttp.ClientSession(timeout=timeout, headers=headers, connector=connector) as session:
        yield session


async def _heard(session: aiohttp.ClientSession, target: Target, one: Shot) -> Heard:
    """The answer to one request; status 0 when there was none."""
    try:
        return await _post(session, target, one)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return Heard(0, {}, type(error).__name__.encode())


async def _post(session: aiohttp.ClientSession, target: Target, one: Shot) -> Heard:
    """One request, its path exactly as it is written. Raises ClientError, TimeoutError or OSError."""
    url = URL(target.url + one.path, encoded=True)
    async with session.post(url, data=one.body, headers=one.headers, allow_redirects=False) as answer:
        pieces = bytearray()
        async for piece in answer.content.iter_any():
            pieces += piece
            if len(pieces) > _LONGEST:
                raise aiohttp.ClientPayloadError("an answer longer than any that was asked for")
        return Heard(answer.status, {name.lower(): value for name, value in answer.headers.items()}, bytes(pieces))


async def _require_gateway(session: aiohttp.ClientSession, target: Target) -> None:
    try:
        async with session.get(URL(target.url + "/health"), allow_redirects=False) as answer:
            healthy = answer.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise Unreachable(
            f"no gateway answers at {target.url} ({type(error).__name__}). Start it with `promptguard serve`, "
            "or say where it is with --url."
        ) from error
    if not healthy:
        raise Unreachable(f"what answers at {target.url} is no healthy gateway. Say where it is with --url.")


async def _require_model(session: aiohttp.ClientSession, target: Target) -> None:
    heard = await _heard(session, target, _hello(target))
    seen: Seen = read_answer(heard)
    if heard.status == 401:
        raise Unready("the gateway refused the key. Give one with --key or PROMPTGUARD_API_KEY.")
    if seen.verdict is not Verdict.ALLOW:
        raise Unready(
            f"{target.model} does not answer ({seen.note or seen.verdict.value}). The selftest needs the demonstration "
            "model, which is there while the gateway listens on a loopback address and PROMPTGUARD_DEMO is on."
        )


def _hello(target: Target) -> Shot:
    return shot("/v1/chat/completions", model=target.model, messages=[{"role": "user", "content": "hello"}])
