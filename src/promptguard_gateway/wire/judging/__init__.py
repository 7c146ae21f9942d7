"""How guard models are asked and how they answer: one small module for each prompt format.

asking             questions, verdicts, and what keeps a text from speaking for the model
llama_guard        Meta's Llama Guard 3 and 4
qwen3guard         Alibaba's Qwen3Guard
granite_guardian   IBM's Granite Guardian 3
gpt_oss_safeguard  OpenAI's gpt-oss-safeguard, and any model that follows a written policy
formats            all of them by name
"""
