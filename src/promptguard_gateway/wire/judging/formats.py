"""Every format by the name that settings know it by."""

from collections.abc import Mapping

from promptguard_gateway.wire.judging.asking import Format
from promptguard_gateway.wire.judging.gpt_oss_safeguard import GPT_OSS_SAFEGUARD
from promptguard_gateway.wire.judging.granite_guardian import GRANITE_GUARDIAN
from promptguard_gateway.wire.judging.llama_guard import LLAMA_GUARD
from promptguard_gateway.wire.judging.qwen3guard import QWEN3GUARD

FORMATS: Mapping[str, Format] = {
    each.name: each for each in (LLAMA_GUARD, QWEN3GUARD, GRANITE_GUARDIAN, GPT_OSS_SAFEGUARD)
}

VERDICTS: Mapping[str, frozenset[str]] = {each.detector: frozenset(each.categories) for each in FORMATS.values()}
"""The rules that findings of guard models can have, by the id of their detector: the codes of the format."""
