"""Placeholders: the same for the same value in a session, another's for nobody, and told from each other always."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.core.vault import LETTERS, Vault, session_key

SECRET = b"\x01" * 32
KEY = session_key(SECRET, "default", "key_1", "ana")
MAIL, CARD = "ana.lopez@example.com", "4111 1111 1111 1111"


def test_a_placeholder_says_the_kind_and_is_neither_word_nor_number() -> None:
    """Letters without vowels, in brackets; nothing of the value."""
    assert re.fullmatch(rf"\[EMAIL_[bcdfghjkmnpqrstw]{{{LETTERS}}}\]", Vault(KEY).issue("EMAIL", MAIL))


def test_the_same_value_has_the_same_placeholder_in_every_turn() -> None:
    """No memory is needed: another vault of the session, after a restart or on another machine, says the same."""
    one, other = Vault(KEY), Vault(session_key(SECRET, "default", "key_1", "ana"))
    other.issue("EMAIL", "someone.else@example.com")
    assert one.issue("EMAIL", MAIL) == one.issue("EMAIL", MAIL) == other.issue("EMAIL", MAIL)
    assert one.value(one.issue("EMAIL", MAIL)) == MAIL


def test_sessions_kinds_and_values_do_not_share_placeholders() -> None:
    """Project, API key, end user, label: each makes another placeholder, so none can be carried elsewhere."""
    keys = [
        KEY,
        session_key(SECRET, "default", "key_1", None),
        session_key(SECRET, "default", "key_1", "bob"),
        session_key(SECRET, "default", "key_2", "ana"),
        session_key(SECRET, "other", "key_1", "ana"),
        session_key(SECRET, "default", "key_1ana", ""),
        session_key(b"\x02" * 32, "default", "key_1", "ana"),
    ]
    assert len({Vault(key).issue("EMAIL", MAIL) for key in keys}) == len(keys)
    vault = Vault(KEY)
    issued = [vault.issue("EMAIL", MAIL), vault.issue("USERNAME", MAIL), vault.issue("EMAIL", "b@example.com")]
    assert len({one.rpartition("_")[2] for one in issued}) == 3


def test_spellings_of_a_value_share_a_placeholder_and_the_first_is_restored() -> None:
    """Separators of numbers, capitals of addresses, full-width and invisible characters say nothing of their own."""
    vault = Vault(KEY)
    for label, first, *spellings in [
        ("EMAIL", "Ana.Lopez@example.com", MAIL, "ANA.LOPEZ@EXAMPLE.COM", "ana.lo\u200bpez@example.com"),
        ("CREDIT_CARD", CARD, "4111111111111111", "4111-1111-1111-1111", "４１１１ 1111 1111 1111"),
        ("IBAN", "DE89 3704 0044 0532 0130 00", "de89370400440532013000"),
    ]:
        placeholder = vault.issue(label, first)
        assert {vault.issue(label, spelling) for spelling in spellings} == {placeholder}
        assert vault.value(placeholder) == first
    assert vault.issue("API_KEY", "AbC") != vault.issue("API_KEY", "abc")
    assert vault.issue("IP_ADDRESS", "1.11.1.1") != vault.issue("IP_ADDRESS", "11.1.1.1")


def test_what_was_not_issued_is_text() -> None:
    """Whatever it looks like."""
    vault = Vault(KEY)
    placeholder = vault.issue("EMAIL", MAIL)
    other = Vault(session_key(SECRET, "default", "key_1", "bob")).issue("EMAIL", MAIL)
    for text in ("[EMAIL_1]", "[EMAIL_REDACTED]", other, placeholder.lower(), placeholder[1:], placeholder + " ", ""):
        assert vault.value(text) is None


def test_values_do_not_show() -> None:
    """Neither a vault nor its key appears in a log by accident."""
    vault = Vault(KEY)
    vault.issue("EMAIL", MAIL)
    assert repr(vault) == "Vault(1 values)"
    assert len(vault) == 1


def test_values_that_share_their_letters_are_told_apart() -> None:
    """The later one shows more letters, and so it does in the next turn, when the earlier values come first again."""
    vault, again = Vault(KEY, letters=1), Vault(KEY, letters=1)
    issued = [vault.issue("X", str(number)) for number in range(300)]
    assert len(set(issued)) == 300
    assert [vault.value(placeholder) for placeholder in issued] == [str(number) for number in range(300)]
    assert [again.issue("X", str(number)) for number in range(300)] == issued


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    values=st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=8, unique=True), text=st.text(max_size=20)
)
def test_what_waits_is_the_beginning_of_a_placeholder(values: list[str], text: str) -> None:
    """All proper beginnings wait, whatever stands before them; whole placeholders and other text do not."""
    vault = Vault(KEY)
    issued = [vault.issue("KIND", value) for value in values]
    for placeholder in issued:
        for size in range(1, len(placeholder)):
            assert vault.pending(text + placeholder[:size]) == size
        assert vault.pending(text + placeholder) == 0
    before = vault.pending(text)
    assert before == 0 or any(one.startswith(text[-before:]) for one in issued)
    assert Vault(KEY).pending(text + "[") == 0
