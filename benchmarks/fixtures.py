"""What every system is measured with: about 100 tokens in and 45 out, ordinary prose, never the same question twice.

Fresh text matters. Automata that are built lazily (RE2's among them) and caches of any kind make a repeated question
several times cheaper than the next one, so a benchmark that repeats itself flatters.
"""

import json
import random
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
FILL = b"~"  # the load generator writes fresh prose where these stand in a row
QUESTION_LENGTH = 320


def _list(text: str) -> list[str]:
    return text.split(";")


_PLACES = _list("harbour;station;office;depot;garden;kitchen;library;school;market;bridge;hotel;workshop;valley;island")
_THINGS = _list(
    "parcel;letter;jacket;invoice;lamp;bicycle;contract;table;report;camera;ticket;window;"
    "engine;recipe;painting;keyboard;blanket;calendar;map;printer;guitar;mirror;manual;"
    "suitcase;notebook;radio;ladder;clock;bottle;meeting"
)
_KINDS = _list("small;heavy;yellow;wooden;late;broken;new;second;quiet;cheap;round;early;spare;fresh;missing;long")
_DEEDS = _list("lost;found;sent;repaired;ordered;painted;checked;moved;returned;opened;counted;borrowed;cleaned;signed")
_PEOPLE = _list("neighbour;driver;manager;sister;teacher;customer;colleague;doctor;friend;plumber;editor;farmer")
_TIMES = _list(
    "yesterday;last week;this morning;in March;after lunch;on Tuesday;two days ago;before noon;"
    "at the weekend;in the evening;during the storm;at short notice"
)
_SHAPES = (
    "My {0} {1} the {2} {3} near the {4} {5}.",
    "Could you tell me when the {2} {3} was {1}, and by whom?",
    "I {1} a {2} {3} {5}, but nobody at the {4} knew about it.",
    "The {3} in the {4} looks {2}, so the {0} wants to know whether it can be {1} {5}.",
    "Please write a short note to the {0} about the {2} {3} that we {1} {5}.",
    "What would you suggest if the {3} is still at the {4}?",
    "Compare the {2} {3} with the one from the {4} in a few lines.",
)


def prose(choose: random.Random, size: int) -> str:
    """Ordinary sentences, exactly `size` ASCII characters of them, none of which needs escaping in JSON."""
    sentences: list[str] = []
    length = 0
    while length < size:
        words = [choose.choice(kind) for kind in (_PEOPLE, _DEEDS, _KINDS, _THINGS, _PLACES, _TIMES)]
        sentences.append(choose.choice(_SHAPES).format(*words) + " ")
        length += len(sentences[-1])
    return "".join(sentences)[:size]


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
