"""What the model reads was inspected, with the real vLLM as the oracle: it renders, and shows the prompt it rendered.

The largest request with a unique marker in every string goes to vLLM as the gateway would forward it, with chat
templates in the manner of the common families. Every marker in the prompt must lie in a segment that the detectors saw.
The same request, and a few hundred distorted ones, that our own templates render in `tests/wire/test_coverage_oracle`.
"""

import copy
import json
import os
import random
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients import programs
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.wire import openai_chat
from promptguard_gateway.wire.openai_request import forward_body
from promptguard_gateway.wire.strict_json import parse_object
from wire.test_coverage_oracle import ALL_ALLOWED, MARKER, ODD, WITH_GUARDED, Marks, graft, places, unseen
from wire.values import LIMITS

TEMPLATES = Path(__file__).parent.parent / "wire" / "templates"
FAMILIES = ("chatml", "llama3", "mistral", "deepseek", "everything")
DISTORTED = 300
# vLLM refuses a marker in their place; no template gets them (`everything` prints them as missing).
_REFUSED = ("tool_choice", "response_format", "structured_outputs", "reasoning_effort")


def acceptable(body: dict) -> dict:
    """The largest request without what vLLM itself refuses."""
    body = {name: value for name, value in copy.deepcopy(body).items() if name not in _REFUSED}
    body["tools"] = [tool for tool in body["tools"] if tool.get("type") == "function"]
    return body


LARGEST = acceptable(WITH_GUARDED)


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A vLLM that takes the chat template from the request."""
    folder, port = tmp_path_factory.mktemp("renderer"), programs.free_port()
    command = [str(programs.ROOT / "tools/tiny_vllm/start.sh"), "--port", str(port)]
    command += ["--home", str(programs.CACHE / "tiny_vllm"), "--", "--trust-request-chat-template"]
    env = {**os.environ, "TINY_VLLM_PYTHON": sys.executable}
    with programs.running(command, folder / "vllm.log", env) as process:
        programs.wait_until_up(f"http://127.0.0.1:{port}/health", process, folder / "vllm.log", 240)
        yield f"http://127.0.0.1:{port}/v1/chat/completions"


def rendered(url: str, forwarded: bytes, family: str | None) -> str | None:
    """The prompt that vLLM makes of a forwarded body; None when it refuses the request."""
    body = {**json.loads(forwarded), "max_tokens": 1, "return_prompt_text": True}
    if family is not None:
        template = (TEMPLATES / f"{family}.jinja").read_text(encoding="utf-8")
        body["chat_template"] = template.replace("| tojson", "| default(none) | tojson")  # vLLM's knows no undefined
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            return json.load(answer)["prompt_text"]
    except urllib.error.HTTPError as error:
        error.close()
        if error.code < 500:
            return None
        raise


def inspected(body: dict) -> tuple[bytes, list]:
    """What the gateway would forward, and the segments it inspected. Raises GatewayError where it refuses."""
    tree = parse_object(json.dumps(body).encode(), LIMITS)
    request = openai_chat.inventory(tree, LIMITS, allow_fields=ALL_ALLOWED)
    return forward_body(tree, programs.TINY_CHAT), request.inventory.segments


@pytest.mark.parametrize("family", [None, *FAMILIES])
def test_every_marker_in_vllms_prompt_was_inspected(renderer: str, family: str | None) -> None:
    """The largest request that vLLM takes; None is the model's own template."""
    forwarded, segments = inspected(Marks()(LARGEST))
    prompt = rendered(renderer, forwarded, family)
    assert prompt is not None
    assert len(MARKER.findall(prompt)) >= 15
    assert unseen(prompt, segments) == set()


def test_distorted_requests_are_inspected_or_refused(renderer: str) -> None:
    """Any value replaced by text, a list, an object or a part: whoever refuses it, nothing unseen is rendered."""
    chance = random.Random(7)
    spots = [at for at in places(LARGEST) if at]
    tally: Counter[str] = Counter()
    for _ in range(DISTORTED):
        body = Marks()(graft(LARGEST, chance.choice(spots), chance.choice(ODD)))
        try:
            forwarded, segments = inspected(body)
        except GatewayError:
            tally["refused by the gateway"] += 1
            continue
        prompt = rendered(renderer, forwarded, chance.choice((None, *FAMILIES)))
        if prompt is None:
            tally["refused by vLLM"] += 1
            continue
        tally["rendered"] += 1
        assert unseen(prompt, segments) == set(), body
    print(f"\n{dict(tally)}")
    assert tally["rendered"] >= DISTORTED // 4
