"""What stands where a value was: the rules that turn a value into its placeholder or its mask."""

from collections.abc import Iterable
from typing import TypeVar

from promptguard_gateway.core.masks import mask
from promptguard_gateway.core.policy import Replacement
from promptguard_gateway.core.vault import Vault

T = TypeVar("T")


def placeholder(label: str) -> str:
    """What stands where a value was, if nothing else is asked for: `[EMAIL_REDACTED]`."""
    return f"[{label}_REDACTED]"


def replacement(how: Replacement, label: str, value: str, vault: Vault | None = None) -> str:
    """What stands where this value was. Without a vault there is nothing that could turn a placeholder back."""
    if how is Replacement.TOKENIZE and vault is not None:
        return vault.issue(label, value)
    return mask(label, value) if how is Replacement.MASK else placeholder(label)


def merge_spans(spans: Iterable[tuple[int, int, T]]) -> list[tuple[int, int, T]]:
    """Overlapping (start, end, what) become one that covers them all, with what the longest of them says.

    Equal lengths: the earliest. Covering the union leaves no remnant of a value whose span lost. What is empty or None
    says nothing: it wins only where nothing else is said.
    """
    merged: list[tuple[int, int, T]] = []
    longest = 0
    for start, end, what in sorted(spans, key=lambda span: (span[0], -span[1])):
        if merged and start < merged[-1][1]:
            first, last, kept = merged[-1]
            wins = not kept or (what and end - start > longest)
            merged[-1] = (first, max(last, end), what if wins else kept)
            longest = max(longest, end - start)
        else:
            merged.append((start, end, what))
            longest = end - start
    return merged
