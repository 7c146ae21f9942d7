"""What every system is measured with: about 100 tokens in and 45 out, ordinary prose.

Whether the question is a new one each time makes a difference. Automata that are built lazily (RE2's among them) and
caches of any kind make a repeated question several times cheaper than the next one, so the load generator can do both
and every figure says which it is.
"""

import json
import random
import re
from collections.abc import Mapping
from itertools import pairwise
from pydoc_data.topics import topics

MODEL = "tiny-chat"
ANSWER = (
    "Your parcel left the depot this morning and is on the van that serves your street. The driver usually reaches "
    "the harbour side after lunch, so please expect a knock on the door between two and four. Your reference is "
)
SYSTEM = (
    "You are the help desk of a small parcel service in a harbour town. Answer in two or three short and friendly "
    "sentences. If you do not know where a parcel is, say so, and tell the customer which office can help."
)
FILL = b"~"  # the load generator writes fresh prose where these stand in a row
QUESTION_LENGTH = 320

# Words of Python's own reference, which every installation carries: some 65,000 of them, 5,000 different ones.
_WORDS = re.findall(r"[A-Za-z][a-z']*[,.]?", " ".join(topics.values()))
_FOLLOWERS: dict[str, list[str]] = {}
for _word, _next in pairwise(_WORDS):
    _FOLLOWERS.setdefault(_word, []).append(_next)


def prose(choose: random.Random, size: int) -> str:
    """New text of exactly `size` ASCII characters, none of which needs escaping in JSON.

    Each word is one that followed the last somewhere in the reference, so word pairs are natural and their order is
    always new. It costs detectors as much as real prompts do, where sentences from a dozen templates cost a tenth.
    """
    word = choose.choice(_WORDS)
    words: list[str] = []
    length = 0
    while length < size:
        words.append(word)
        length += len(word) + 1
        word = choose.choice(_FOLLOWERS.get(word, _WORDS))
    return " ".join(words)[:size].ljust(size, ".")


def chat_body(model: str, question: str = FILL.decode() * QUESTION_LENGTH, **more: object) -> bytes:
    """A chat-completions body; by default with a place for fresh prose as its question."""
    messages = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": question},
    ]
    return json.dumps({"model": model, "messages": messages, "temperature": 0.2, "max_tokens": 128, **more}).encode()


def http_request(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The whole request as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", "Accept: */*"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def answer_body(reference: str) -> str:
    """What the upstream answers, shaped like vLLM 0.32. `reference` is filled in by the server, six characters long."""
    answer = {
        "id": "chatcmpl-9f2c5e7a81d04b6e",
        "object": "chat.completion",
        "created": 1790000000,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": ANSWER + reference,
                    "refusal": None,
                    "annotations": None,
                    "audio": None,
                    "function_call": None,
                    "tool_calls": [],
                    "reasoning": None,
                },
                "logprobs": None,
                "finish_reason": "stop",
                "stop_reason": None,
                "token_ids": None,
            }
        ],
        "service_tier": None,
        "system_fingerprint": None,
        "usage": {"prompt_tokens": 112, "total_tokens": 159, "completion_tokens": 47, "prompt_tokens_details": None},
        "prompt_logprobs": None,
        "prompt_token_ids": None,
        "kv_transfer_params": None,
    }
    return json.dumps(answer, separators=(",", ":"))
