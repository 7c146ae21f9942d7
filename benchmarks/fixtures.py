"""The one request and the one answer every system is measured with: about 100 tokens in and 45 out, plain prose.

Request and answer carry a running reference, so that no system can answer from, or skip inspection by, a memory of
what it has seen.
"""

import json
from collections.abc import Mapping

MODEL = "tiny-chat"
ANSWER = (
    "Your parcel left the depot this morning and is on the van that serves your street. The driver usually reaches "
    "the harbour side after lunch, so please expect a knock on the door between two and four. Your reference is "
)
SYSTEM = (
    "You are the help desk of a small parcel service in a harbour town. Answer in two or three short and friendly "
    "sentences. If you do not know where a parcel is, say so, and tell the customer which office can help."
)
QUESTION = (
    "Good morning! I ordered a pair of walking boots and a rain jacket last week and the shop told me that both would "
    "come in one box. Nobody rang the bell yesterday, though the web page said that the driver was close. Could you "
    "tell me where the box is now and when I should stay at home? My reference is "
)
REFERENCE = b"aaaaaa"  # the load generator counts this up in every request; always as long


def chat_body(model: str, question: str = QUESTION, **more: object) -> bytes:
    """A chat-completions body, with the place where the load generator counts."""
    messages = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": question + REFERENCE.decode()},
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
