"""Rules that an operator writes, read as they would be at the start and tried on texts."""

import time

import pytest

from domain.policy_parts import compiled, finding, refusal
from promptguard_gateway.core.detector import Knowledge
from promptguard_gateway.core.findings import Family, digest_of
from promptguard_gateway.core.policy import Action, Status
from promptguard_gateway.core.segments import Channel, Column, Direction, Role, Segment, column_of
from promptguard_gateway.detectors.catalogue import DETECTORS
from promptguard_gateway.proxy.inspect import Judge


def ruled(text: str) -> Judge:
    """A judge with one rule, written in YAML's flow style."""
    made = compiled(f"rules: [{text}]")
    return Judge(made.detectors, made.policy)


def asked(judge: Judge, text: str, role: Role = Role.USER) -> str:
    segment = Segment(("messages", 0), role, text, column_of(Direction.INPUT, role, Channel.CONTENT))
    return judge.request("project", [segment]).decision.verb.value


def answered(judge: Judge, text: str) -> str:
    segment = Segment(("choices", 0), Role.ASSISTANT, text, Column.ANSWER)
    return judge.answer([segment], Knowledge()).decision.verb.value


FALCON = ruled("{name: falcon, condition: contains_text, value: Project Falcon}")


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("about Project Falcon", "block"),
        ("PROJECT\n FALCON", "block"),
        ("subproject falconry", "block"),
        ("Pro\u200bject Fal\u00adcon", "block"),
        ("Ｐｒｏｊｅｃｔ Ｆａｌｃｏｎ", "block"),
        ("Рrоjеct Fаlсоn in Cyrillic letters", "block"),
        ("UHJvamVjdCBGYWxjb24gaXMgc2VjcmV0 is base64", "block"),
        ("50726f6a6563742046616c636f6e20697320736563726574 is hex", "block"),
        ("Project Falco", "allow"),
        ("ProjectFalcon", "allow"),
        ("Project and Falcon", "allow"),
    ],
)
def test_contains_text(text: str, verb: str) -> None:
    """In any case, with any blanks, and in every view; without a type it holds for requests and answers."""
    assert asked(FALCON, text) == verb


def test_texts_are_folded_as_what_they_are_compared_with() -> None:
    """A rule written in full-width letters, with a soft hyphen or special characters means what people read."""
    assert asked(ruled('{name: a, condition: contains_text, value: "Ｆａｌ\\u00adcon"}'), "a falcon") == "block"
    assert asked(ruled('{name: a, condition: contains_text, value: "a.b*(c)|d"}'), "A.B*(C)|D") == "block"
    assert asked(ruled('{name: a, condition: contains_text, value: "ÉCOLE"}'), "une école") == "block"


@pytest.mark.parametrize("value", ["Acme | Blue Heron", "[Acme, Blue Heron]"])
def test_contains_text_any(value: str) -> None:
    """Texts with a bar between them, or a list; each is a rule of its own on the record."""
    judge = ruled(f"{{name: names, condition: contains_text_any, value: {value}}}")
    assert asked(judge, "acme") == "block"
    assert asked(judge, "the blue heron") == "block"
    assert asked(judge, "heron") == "allow"


def test_an_entity_blocklist_finds_whole_words() -> None:
    """Its condition goes without saying."""
    judge = ruled("{name: people, type: entity_blocklist, value: [Ann Lee, Élan]}")
    assert asked(judge, "ask Ann Lee.") == "block"
    assert asked(judge, "Joann Leech") == "allow"
    assert asked(judge, "l'élan") == "block"


def test_a_regular_expression() -> None:
    """Read in the views like every pattern."""
    judge = ruled("{name: tickets, type: output_filter, condition: regex, value: 'INC-[0-9]{7}', action: redact}")
    assert answered(judge, "see INC-1234567 and INC‐７７７７７７７") == "redact"
    assert asked(judge, "see INC-1234567") == "allow"


@pytest.mark.parametrize(
    ("kind", "column", "action"),
    [
        ("input_filter", Column.UNTRUSTED, Action.BLOCK),
        ("input_filter", Column.HISTORY, Action.REDACT),
        ("input_filter", Column.SYSTEM, Action.OFF),
        ("input_filter", Column.ANSWER, Action.OFF),
        ("output_filter", Column.ANSWER, Action.BLOCK),
        ("output_filter", Column.ANSWER_TOOL_ARGUMENTS, Action.BLOCK),
        ("output_filter", Column.UNTRUSTED, Action.OFF),
        ("custom", Column.ANSWER, Action.BLOCK),
        ("custom", Column.UNTRUSTED, Action.BLOCK),
        ("custom", Column.TOOL_DEFINITION, Action.OFF),
    ],
)
def test_where_a_rule_holds(kind: str, column: Column, action: Action) -> None:
    """By its type; what a conversation repeats is replaced rather than blocked again."""
    made = compiled(f"rules: [{{name: a, type: {kind}, condition: contains_text, value: x}}]")
    assert made.policy.action_for(finding("custom.a"), column) is action


def test_columns_take_the_place_of_the_type() -> None:
    """With the action as it is."""
    made = compiled("rules: [{name: a, condition: contains_text, value: x, columns: [history, system], action: block}]")
    row = {column: made.policy.action_for(finding("custom.a"), column) for column in Column}
    assert {column for column, action in row.items() if action is Action.BLOCK} == {Column.HISTORY, Column.SYSTEM}
    assert made.detectors[0].spec.directions == (Direction.INPUT,)


@pytest.mark.parametrize(("action", "verb"), [("block", "block"), ("redact", "redact"), ("flag", "allow")])
def test_actions(action: str, verb: str) -> None:
    """Whatever the preset, because a rule is certain."""
    for preset in ("strict", "permissive"):
        made = compiled(
            f"preset: {preset}\nrules: [{{name: a, condition: contains_text, value: xyz, action: {action}}}]"
        )
        judge = Judge(made.detectors, made.policy)
        assert (asked(judge, "xyz"), answered(judge, "xyz")) == (verb, verb)


def test_a_candidate_is_measured_only() -> None:
    """It has a status and a score, and no effect."""
    judge = ruled("{name: a, condition: contains_text, value: xyz, status: candidate}")
    segment = Segment(("messages", 0), Role.USER, "xyz", Column.UNTRUSTED)
    judgement = judge.request("project", [segment])
    assert (judgement.decision.verb, judgement.decision.statuses) == ("allow", (Status.CANDIDATE,))
    assert judgement.inspection.scores == {"custom.a": 1.0}
    assert answered(judge, "xyz") == "allow"


def test_contains_pii_raises_the_cells_of_personal_data() -> None:
    """Of all of it, or of the kinds named, also where the policy limits what acts; never lowers one."""
    everything = compiled("preset: permissive\nrules: [{name: a, condition: contains_pii, value: true}]").policy
    assert everything.action_for(finding("pii.phone", "PHONE"), Column.UNTRUSTED) is Action.BLOCK
    named = compiled(
        "guardrails: {pii_detection: {entities: [email]}}\nrules: [{name: a, condition: contains_pii, value: ssn}]"
    ).policy
    assert named.action_for(finding("pii.ssn", "SSN"), Column.ANSWER) is Action.BLOCK
    assert named.action_for(finding("pii.email", "EMAIL"), Column.ANSWER) is Action.FLAG
    assert named.action_for(finding("pii.phone", "PHONE"), Column.ANSWER) is Action.OFF
    flagged = compiled("rules: [{name: a, condition: contains_pii, value: true, action: flag}]").policy
    assert flagged.action_for(finding("pii.phone", "PHONE"), Column.UNTRUSTED) is Action.REDACT


def test_contains_pii_is_about_kinds_that_the_policy_does_not_name_too() -> None:
    """What is named nowhere else acts as the rule says and where it says, whatever `entities` leaves out."""
    limited = "guardrails: {pii_detection: {entities: [ssn]}}\nrules: [{name: a, condition: contains_pii, %s}]"
    anything = compiled(limited % "value: true").policy
    assert anything.action_for(finding("pii.email"), Column.UNTRUSTED) is Action.BLOCK
    assert anything.action_for(finding("pii.email"), Column.SYSTEM) is Action.OFF
    answers = compiled(limited % "value: email, action: flag, columns: [answer]").policy
    assert answers.action_for(finding("pii.email"), Column.ANSWER) is Action.FLAG
    assert answers.action_for(finding("pii.email"), Column.UNTRUSTED) is Action.OFF
    assert answers.action_for(finding("pii.ssn", "SSN"), Column.UNTRUSTED) is Action.REDACT


def test_prompt_injection_raises_the_cells_of_injection() -> None:
    """And of forged roles."""
    policy = compiled("rules: [{name: a, condition: prompt_injection, value: true}]").policy
    for detector in ("injection.override", "forgery.tokens"):
        assert policy.action_for(finding(detector), Column.ANSWER) is Action.BLOCK
        assert policy.action_for(finding(detector), Column.HISTORY) is Action.REDACT


def test_an_allow_rule_excuses_exactly_its_texts() -> None:
    """Of the detectors it names; what only contains the text is not excused."""
    value = "value: a@x.org|b@x.org, action: allow, detectors: [pii.email]"
    made = compiled(f"rules: [{{name: ours, condition: contains_text_any, {value}}}]")
    policy = made.policy
    assert made.detectors == ()
    assert policy.status_of(finding("pii.email", match_sha256=digest_of("b@x.org"))) is Status.SUPPRESSED
    assert policy.status_of(finding("pii.email", match_sha256=digest_of("bb@x.org"))) is Status.ACTIVE
    assert policy.status_of(finding("pii.phone", match_sha256=digest_of("b@x.org"))) is Status.ACTIVE
    judge = Judge(DETECTORS, policy)
    assert (asked(judge, "write to a@x.org"), asked(judge, "write to a@x.org.evil.com")) == ("allow", "redact")


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("{name: t, type: topic_filter, prompt: no politics}", "llm_judge_not_configured"),
        ("{name: t, type: llm_guard, prompt: be kind}", "llm_judge_not_configured"),
        ("{name: t, condition: natural_language, value: be kind}", "llm_judge_not_configured"),
        ("{name: t, type: rate_limit, requests_per_minute: 60}", "rate_limiter_not_configured"),
    ],
)
def test_what_needs_a_judge_is_declared_and_said_to_be_unavailable(rule: str, reason: str) -> None:
    """It checks nothing, and nobody can overlook that."""
    made = compiled(f"rules: [{rule}]")
    assert made.policy.unavailable == {"custom.t": reason}
    assert made.detectors == ()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("{name: A b, condition: contains_text, value: x}", "rules[0].name: must be lower-case letters"),
        ("{name: a, type: filter}", "rules[0].type: must be one of input_filter, output_filter, topic_filter"),
        ("{name: a, conditon: regex}", "rules[0]: 'conditon' is not known here. Did you mean condition?"),
        ("{name: a}", "rules[0]: needs a condition and its value."),
        ("{name: a, condition: contains_text}", "rules[0].value: must be a text"),
        ("{name: a, condition: contains_text, value: ''}", "rules[0].value: is a pattern that cannot be used"),
        ("{name: a, condition: contains_text, value: '\u00ad'}", "it matches the empty text"),
        ("{name: a, condition: contains_text_any, value: []}", "rules[0].value: must be a text"),
        ("{name: a, condition: contains_pii, value: emial}", "rules[0].value: 'emial' is no kind of personal data"),
        ("{name: a, condition: contains_pii, value: true, status: candidate}", "rules[0].status: only a rule"),
        ("{name: a, condition: prompt_injection, value: false}", "must be true"),
        ("{name: a, condition: regex, value: x, action: allow}", "an allow rule names texts"),
        ("{name: a, condition: contains_text, value: x, action: allow}", "names the detectors whose findings"),
        (
            "{name: a, condition: contains_text, value: x, action: allow, detectors: [secrets.jwt]}",
            "rules[0].detectors[0]: secrets.jwt must stay active.",
        ),
        (
            "{name: a, condition: contains_text, value: x, action: allow, detectors: [pii.emial]}",
            "rules[0].detectors[0]: 'pii.emial' is no detector. Did you mean pii.email?",
        ),
        ("{name: t, type: topic_filter}", "needs a prompt"),
        ("{name: a, condition: regex, value: '(?=x)y'}", "cannot be used: invalid perl operator"),
        ("{name: a, condition: regex, value: '(x)\\1'}", "rules[0].value"),
        ("{name: a, condition: regex, value: 'x*'}", "it matches the empty text"),
        ("{name: a, condition: regex, value: '(x'}", "rules[0].value"),
    ],
)
def test_what_is_wrong_is_named_with_the_way_out(rule: str, words: str) -> None:
    """The place first, and never the value."""
    assert words in refusal(f"rules: [{rule}]")


def test_what_is_wrong_with_a_pattern_is_said_without_it() -> None:
    """A pattern can name what nobody should read in a log."""
    for pattern in ("(falcon", "[falcon", "falcon)", "(?P<falcon", r"\pfalcon", "falcon{9999}"):
        message = refusal(f"rules: [{{name: a, condition: regex, value: '{pattern}'}}]")
        assert "is a pattern that cannot be used" in message
        assert "falcon" not in message


def test_two_rules_have_two_names() -> None:
    """A name stands on events, so it means one rule."""
    rule = "{name: a, condition: contains_text, value: x}"
    assert "rules[1].name" in refusal(f"rules: [{rule}, {rule}]")


@pytest.mark.parametrize(
    "bomb",
    [
        "((a{1,1000}){1,1000})",
        "(((a{1,30}){1,30}){1,30}){1,30}",
        r"\p{L}{1000}",
        r"(?:\p{L}{1,500}\d){1,2}x",
        "(?:(?:" + "|".join(["abcdefgh"] * 60) + "){100}){9}x",
        "(" * 490 + "a" + ")" * 490 + "{1000}",
        "[a-z]{1,1000}" * 70,
        "x" * 1001,
    ],
)
def test_a_bomb_is_refused_quickly(bomb: str) -> None:
    """Patterns that unfold to something enormous cost milliseconds and are not quoted."""
    began = time.process_time()
    message = refusal(f"rules: [{{name: a, condition: regex, value: '{bomb}'}}]")
    assert time.process_time() - began < 1.0
    assert message.startswith("rules[0].value: is a pattern that cannot be used")
    assert len(message) < 300


def test_there_are_bounds_on_all_rules_together() -> None:
    """200 patterns, and so many instructions."""
    texts = "|".join(f"name{number}" for number in range(201))
    assert "200 are the most" in refusal(f"rules: [{{name: a, condition: contains_text_any, value: '{texts}'}}]")
    big = ",".join(f"{{name: a{n}, condition: regex, value: '[^x]{{0,900}}y{n}'}}" for n in range(14))
    assert "too many instructions together" in refusal(f"rules: [{big}]")
    long = ",".join(f"{{name: a{n}, condition: regex, value: 'a[ab]{{101}}c{n}'}}" for n in range(6))
    assert "add 600 characters, and 500 are the most" in refusal(f"rules: [{long}]")
    full = "|".join(f"name{number}" for number in range(200))
    assert (
        len(compiled(f"rules: [{{name: a, condition: contains_text_any, value: '{full}'}}]").detectors[0].patterns)
        == 200
    )


def test_the_label_is_made_of_the_name() -> None:
    """It stands in placeholders; the family is the one of the operator's rules."""
    [detector] = compiled("rules: [{name: ticket-no_1, condition: contains_text, value: x}]").detectors
    assert (detector.spec.label, detector.spec.family) == ("TICKET_NO_1", Family.CUSTOM)
