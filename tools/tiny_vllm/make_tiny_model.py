#!/usr/bin/env python3
"""Create a tiny, randomly initialised chat model that vLLM can serve on a CPU.

The folder it writes is an ordinary Hugging Face style model: config.json,
generation_config.json, model.safetensors, tokenizer.json,
tokenizer_config.json (with a ChatML chat template that knows tools and
<think> blocks).  Nothing is downloaded.

The output is deterministic: the same script, the same options and the same
`tokenizers` release give the same bytes.  A digest of the folder is printed
at the end so that a test can pin it.

The model knows nothing: it emits random word pieces.  When a test needs an
exact answer, ask the server for it with `structured_outputs` (choice, regex,
json) or `response_format`; see README.md.

Needs: numpy, safetensors, tokenizers.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import sys
from pathlib import Path

# Before `tokenizers` is imported: one thread, so that ties in the trainer are
# always met in the same order.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("RAYON_NUM_THREADS", "1")

import numpy as np
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

END_OF_TEXT = "<|endoftext|>"
IM_START = "<|im_start|>"
IM_END = "<|im_end|>"

# (text, special).  Tool and think markers are not "special": a server must be
# able to see them in decoded text, as with the Qwen family.
MARKERS = [
    (END_OF_TEXT, True),
    (IM_START, True),
    (IM_END, True),
    ("<tool_call>", False),
    ("</tool_call>", False),
    ("<tool_response>", False),
    ("</tool_response>", False),
    ("<think>", False),
    ("</think>", False),
]

CHAT_TEMPLATE = """\
{%- if tools %}
{{- '<|im_start|>system\\n' }}
{%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}{%- endif %}
{{- '# Tools\\nYou may call one or more functions.\\n<tools>' }}
{%- for tool in tools %}{{- '\\n' }}{{- tool | tojson }}{%- endfor %}
{{- '\\n</tools>\\nFor each call return\\n<tool_call>\\n{"name": ..., "arguments": ...}\\n</tool_call><|im_end|>\\n' }}
{%- elif messages[0].role == 'system' %}
{{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
{%- if message.role == 'system' and loop.first %}
{%- elif message.role == 'tool' %}
{{- '<|im_start|>user\\n<tool_response>\\n' + message.content + '\\n</tool_response><|im_end|>\\n' }}
{%- elif message.role == 'assistant' and message.tool_calls %}
{{- '<|im_start|>assistant' }}
{%- if message.content %}{{- '\\n' + message.content }}{%- endif %}
{%- for tool_call in message.tool_calls %}
{%- set call = tool_call.function if tool_call.function else tool_call %}
{{- '\\n<tool_call>\\n{"name": "' + call.name + '", "arguments": ' }}
{%- if call.arguments is string %}{{- call.arguments }}{%- else %}{{- call.arguments | tojson }}{%- endif %}
{{- '}\\n</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\\n' }}
{%- else %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
{%- endif %}
"""

# A few hundred words are enough to train a small byte-level vocabulary.
WORDS = """
the of and to in is that for it as was with be by on not he his but at are this have from or had an they
which one you were all her she there would their we him been has when who will no more if out so up said what
its about than into them can only other time new some could these two may first then do any like my now over
such our man me even most made after also did many before must through back years where much your way well down
should because each just those people too little state good very make world still see own men work long here get
both between life being under never day same another know while last might us great old year off come since
against go came right used take three small found large group place number part again point around however
request response server client model token stream chunk prompt system message content role assistant user tool
function call argument result error status header body policy rule filter block allow redact secret password key
email address phone card name account bank number private public internal external network proxy gateway upstream
route limit rate budget tenant project team audit log trace metric latency cost cache store queue worker thread
batch schedule memory vector index search query table row column schema field value type string integer float
boolean array object null true false json text code python script shell file path folder image audio video page
document summary translate explain describe write read list create update delete insert select join count sum
average maximum minimum begin end start stop open close send receive accept reject retry timeout cancel abort
finish reason length safety attack inject ignore previous instructions override reveal hidden jailbreak pretend
weather city country temperature celsius report invoice order customer product price currency euro dollar
Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April June July August
September October November December Paris London Berlin Tokyo Madrid Oslo Dublin Prague
""".split()  # noqa: SIM905

SNIPPETS = [
    '{"name": "get_weather", "arguments": {"city": "Paris", "unit": "celsius"}}',
    '{"id": 17, "ok": true, "items": [1, 2, 3], "note": null, "ratio": 0.25}',
    '{"role": "user", "content": "Hello, how are you?"}',
    "def add(a, b):\n    return a + b\n",
    "for item in items:\n    print(item)\n",
    "SELECT name, email FROM users WHERE id = 42;",
    "https://example.com/path?query=value&page=2",
    "user@example.com, +44 20 7946 0958, 4111 1111 1111 1111",
    "<b>bold</b> and **markdown** and `code`",
    "# Title\n\n- first\n- second\n\n1. one\n2. two\n",
]


def corpus(seed: int) -> list[str]:
    rng = random.Random(seed)
    lines = []
    for _ in range(4000):
        words = [rng.choice(WORDS) for _ in range(rng.randint(4, 14))]
        words[0] = words[0].capitalize()
        lines.append(" ".join(words) + rng.choice([".", ".", "?", "!", ", and so on."]) + "\n")
    for _ in range(60):
        lines.extend(SNIPPETS)
    return lines


def build_tokenizer(vocab_size: int, seed: int) -> Tokenizer:
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tok.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(MARKERS),
        min_frequency=1,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tok.train_from_iterator(corpus(seed), trainer)
    for text, special in MARKERS:
        added = AddedToken(text, special=special, normalized=False)
        (tok.add_special_tokens if special else tok.add_tokens)([added])
    return tok


def token_bias(tok: Tokenizer) -> np.ndarray:
    """How strongly each token is kept out of the model's own choice.

    Only matters where a grammar leaves several ways on: the model then prefers
    plain text over white space (a random model would put spaces into JSON for
    ever), and ending over starting another tool call.  Left alone it never
    ends by itself, and it never emits half of a UTF-8 character.
    """
    bias = np.zeros(tok.get_vocab_size(), dtype=np.float32)
    for token, i in tok.get_vocab(with_added_tokens=False).items():
        text = tok.decoder.decode([token])
        if text.strip() == "" or text[0] == "<" or not text.isprintable() or "\ufffd" in text:
            bias[i] = 5.0
    for text, _ in MARKERS:
        bias[tok.token_to_id(text)] = 3.5 if text == IM_END else 5.0
    return bias


def build_weights(cfg: dict, bias: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    # RandomState's stream is frozen by numpy's compatibility policy.
    rng = np.random.RandomState(seed)
    hidden, inter = cfg["hidden_size"], cfg["intermediate_size"]
    q_rows = cfg["num_attention_heads"] * cfg["head_dim"]
    kv_rows = cfg["num_key_value_heads"] * cfg["head_dim"]

    def normal(*shape: int, std: float = 0.08) -> np.ndarray:
        return (rng.standard_normal(shape) * std).astype(np.float32)

    def ones(n: int) -> np.ndarray:
        return np.ones((n,), dtype=np.float32)

    def to_hidden(columns: int) -> np.ndarray:
        w = normal(hidden, columns)
        w[0] = 0.0  # nothing writes to dimension 0 of the residual stream
        return w

    # Dimension 0 carries a constant, which lm_head turns into a per-token bias.
    embed = normal(cfg["vocab_size"], hidden, std=1.0)
    embed[:, 0] = 4.0
    out = {"model.embed_tokens.weight": embed}
    for i in range(cfg["num_hidden_layers"]):
        p = f"model.layers.{i}."
        out[p + "input_layernorm.weight"] = ones(hidden)
        out[p + "self_attn.q_proj.weight"] = normal(q_rows, hidden)
        out[p + "self_attn.k_proj.weight"] = normal(kv_rows, hidden)
        out[p + "self_attn.v_proj.weight"] = normal(kv_rows, hidden)
        out[p + "self_attn.o_proj.weight"] = to_hidden(q_rows)
        out[p + "post_attention_layernorm.weight"] = ones(hidden)
        out[p + "mlp.gate_proj.weight"] = normal(inter, hidden)
        out[p + "mlp.up_proj.weight"] = normal(inter, hidden)
        out[p + "mlp.down_proj.weight"] = to_hidden(inter)
    out["model.norm.weight"] = ones(hidden)
    head = normal(cfg["vocab_size"], hidden, std=0.12)
    head[:, 0] = -bias
    out["lm_head.weight"] = head
    return out


def write_json(path: Path, data: dict) -> None:
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def digest(folder: Path) -> str:
    h = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        h.update(path.name.encode() + b"\0" + path.read_bytes())
    return h.hexdigest()


def main(argv: list[str] | None = None) -> int:
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("folder", type=Path, help="where to write the model")
    ap.add_argument("--vocab-size", type=int, default=1536)
    ap.add_argument("--hidden", type=int, default=64)
    ap.add_argument("--layers", type=int, default=2)
    ap.add_argument("--heads", type=int, default=2)
    ap.add_argument("--head-dim", type=int, default=32, help="vLLM's CPU attention wants a multiple of 32")
    ap.add_argument("--max-positions", type=int, default=8192)
    ap.add_argument("--seed", type=int, default=20240601)
    args = ap.parse_args(argv)

    args.folder.mkdir(parents=True, exist_ok=True)
    tok = build_tokenizer(args.vocab_size, args.seed)
    size = tok.get_vocab_size()
    if size != args.vocab_size:
        print(f"error: the tokenizer came out with {size} tokens, not {args.vocab_size}", file=sys.stderr)
        return 1
    tok.save(str(args.folder / "tokenizer.json"))
    eos, pad = tok.token_to_id(IM_END), tok.token_to_id(END_OF_TEXT)

    cfg = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": size,
        "hidden_size": args.hidden,
        "intermediate_size": args.hidden * 2,
        "num_hidden_layers": args.layers,
        "num_attention_heads": args.heads,
        "num_key_value_heads": args.heads,
        "head_dim": args.head_dim,
        "hidden_act": "silu",
        "max_position_embeddings": args.max_positions,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": False,
        "bos_token_id": None,
        "eos_token_id": eos,
        "pad_token_id": pad,
        "torch_dtype": "float32",
    }
    write_json(args.folder / "config.json", cfg)
    write_json(args.folder / "generation_config.json", {"eos_token_id": eos, "pad_token_id": pad})
    write_json(
        args.folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": args.max_positions,
            "bos_token": None,
            "eos_token": IM_END,
            "pad_token": END_OF_TEXT,
            "unk_token": None,
            "clean_up_tokenization_spaces": False,
            "chat_template": CHAT_TEMPLATE,
        },
    )
    save_file(
        build_weights(cfg, token_bias(tok), args.seed),
        str(args.folder / "model.safetensors"),
        metadata={"format": "pt"},
    )

    total = sum(p.stat().st_size for p in args.folder.iterdir())
    print(f"{args.folder}: {total} bytes, vocab {size}, sha256 {digest(args.folder)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
