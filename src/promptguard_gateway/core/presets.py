"""The policies that ship: three levels of strictness, and what each of six use cases changes in them.

A preset is named `use_case:strictness`, such as `support_bot:strict`. A bare use case means moderate, a bare level the
default use case. A use case is a list of deltas, each with its reason; docs/policies.md prints what comes of them.
Under strict a delta may only tighten: whoever asks for strict does not expect exceptions.
"""

from collections.abc import Mapping
from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.policy import Action, FailureMode, Policy, Row, Thresholds
from promptguard_gateway.core.segments import Column, Direction

_OFF, _FLAG, _REDACT, _BLOCK = Action.OFF, Action.FLAG, Action.REDACT, Action.BLOCK
_COLUMNS = (
    Column.UNTRUSTED,
    Column.SYSTEM,
    Column.HISTORY,
    Column.TOOL_DEFINITION,
    Column.ANSWER,
    Column.ANSWER_TOOL_ARGUMENTS,
)


def _row(*actions: Action) -> Row:
    return dict(zip(_COLUMNS, actions, strict=True))


# The default actions. Columns:           untrusted system  history  tool def answer   answer tool arguments
_MODERATE: Mapping[Family, Row] = {
    Family.INJECTION: _row(_BLOCK, _OFF, _FLAG, _BLOCK, _OFF, _FLAG),
    Family.FORGERY: _row(_BLOCK, _FLAG, _FLAG, _BLOCK, _OFF, _FLAG),
    Family.EXFILTRATION: _row(_BLOCK, _OFF, _FLAG, _FLAG, _OFF, _FLAG),
    Family.PII: _row(_REDACT, _OFF, _REDACT, _OFF, _FLAG, _FLAG),
    Family.SECRETS: _row(_BLOCK, _FLAG, _REDACT, _FLAG, _REDACT, _BLOCK),
    Family.LEAK: _row(_OFF, _OFF, _OFF, _OFF, _BLOCK, _BLOCK),
    Family.LINK: _row(_OFF, _OFF, _OFF, _OFF, _REDACT, _BLOCK),
    Family.SAFETY: _row(_BLOCK, _OFF, _FLAG, _OFF, _BLOCK, _FLAG),
    Family.HIDDEN: _row(_FLAG, _FLAG, _FLAG, _FLAG, _FLAG, _FLAG),
    Family.URL: _row(_BLOCK, _OFF, _FLAG, _FLAG, _REDACT, _BLOCK),
    Family.CODE: _row(_FLAG, _OFF, _FLAG, _FLAG, _FLAG, _BLOCK),
    Family.TOOL: _row(_OFF, _OFF, _FLAG, _BLOCK, _OFF, _BLOCK),
    Family.CUSTOM: _row(_BLOCK, _BLOCK, _BLOCK, _BLOCK, _BLOCK, _BLOCK),
}

# Strict also redacts personal data in answers and blocks text that hides; permissive lets personal data of the
# conversation through with a flag and blocks nothing in tool definitions.
_STRICT = {
    **_MODERATE,
    Family.PII: _row(_REDACT, _FLAG, _REDACT, _FLAG, _REDACT, _REDACT),
    Family.SECRETS: _row(_BLOCK, _REDACT, _REDACT, _BLOCK, _REDACT, _BLOCK),
    Family.EXFILTRATION: _row(_BLOCK, _OFF, _FLAG, _BLOCK, _OFF, _FLAG),
    Family.HIDDEN: _row(_BLOCK, _FLAG, _FLAG, _BLOCK, _FLAG, _FLAG),
}
_PERMISSIVE = {
    **_MODERATE,
    Family.INJECTION: _row(_BLOCK, _OFF, _OFF, _FLAG, _OFF, _FLAG),
    Family.FORGERY: _row(_BLOCK, _OFF, _OFF, _FLAG, _OFF, _FLAG),
    Family.PII: _row(_FLAG, _OFF, _FLAG, _OFF, _FLAG, _FLAG),
    Family.SECRETS: _row(_REDACT, _FLAG, _REDACT, _FLAG, _REDACT, _BLOCK),
}

_CLOSED = {Direction.INPUT: FailureMode.CLOSED, Direction.OUTPUT: FailureMode.CLOSED}


def _level(name: str, matrix: Mapping[Family, Row], warn: float, block: float) -> Policy:
    return Policy(
        name=f"default:{name}",
        matrix=matrix,
        thresholds={family.value: Thresholds(warn, block) for family in Family},
        failure=_CLOSED,
        refuse_unknown_fields=name == "strict",
    )


# From the strictest to the least strict.
LEVELS: Mapping[str, Policy] = {
    "strict": _level("strict", _STRICT, warn=0.30, block=0.60),
    "moderate": _level("moderate", _MODERATE, warn=0.50, block=0.80),
    "permissive": _level("permissive", _PERMISSIVE, warn=0.70, block=0.90),
}


class Delta(Struct, frozen=True, kw_only=True):
    """What a use case changes, and why.

    `target` is a family's value, or a detector's id where only thresholds change. `cells` take the place of the
    level's. `thresholds`: those of the next stricter level (+1) or of the next less strict one (-1), if there is one.
    """

    target: str
    cells: Row = {}
    thresholds: int = 0
    why: str


class UseCase(Struct, frozen=True, kw_only=True):
    """What an application does. `recommended`: the level that fits most applications of the kind."""

    summary: str
    recommended: str
    deltas: tuple[Delta, ...] = ()


USE_CASES: Mapping[str, UseCase] = {
    "default": UseCase(summary="Any application.", recommended="moderate"),
    "support_bot": UseCase(
        summary="A help desk that strangers talk to.",
        recommended="strict",
        deltas=(
            Delta(
                target="pii",
                cells={Column.ANSWER: _REDACT},
                why="An answer may quote the record of another customer.",
            ),
            Delta(
                target="exfiltration",
                cells={Column.TOOL_DEFINITION: _BLOCK},
                thresholds=1,
                why="No customer needs the instructions, the accounts or the internals behind the help desk.",
            ),
            Delta(
                target="link",
                thresholds=1,
                why="Customers follow the links of a help desk, so doubtful ones are taken out too.",
            ),
        ),
    ),
    "code_assistant": UseCase(
        summary="A model that reads and writes code, often with tools.",
        recommended="moderate",
        deltas=(
            Delta(
                target="pii",
                cells={Column.UNTRUSTED: _FLAG, Column.HISTORY: _FLAG},
                why="Author lines, licences and test data are part of the code; a placeholder breaks it.",
            ),
            Delta(
                target="secrets",
                cells={Column.UNTRUSTED: _REDACT},
                why="A key in pasted code is everyday life: it stays here, and the work goes on.",
            ),
            Delta(
                target="exfiltration",
                cells={Column.TOOL_DEFINITION: _BLOCK},
                why="Its tools reach files and shells; a description of a tool that asks for secrets is an attack.",
            ),
            Delta(
                target="hidden",
                cells={Column.UNTRUSTED: _BLOCK},
                why="Code has no use for invisible characters; they are how instructions hide in repositories.",
            ),
        ),
    ),
    "rag_system": UseCase(
        summary="Questions about documents that retrieval brings.",
        recommended="strict",
        deltas=(
            Delta(
                target="injection.embedded",
                thresholds=1,
                why="Documents are written by strangers, and nobody reads them before the model does.",
            ),
            Delta(
                target="hidden",
                cells={Column.UNTRUSTED: _BLOCK},
                why="Text that no reader of a document sees was written for the model.",
            ),
            Delta(
                target="pii",
                cells={Column.ANSWER: _REDACT},
                why="Documents speak of people who are not part of the conversation.",
            ),
            Delta(
                target="link",
                thresholds=1,
                why="A poisoned document makes the answer carry data out through a link.",
            ),
        ),
    ),
    "data_analysis": UseCase(
        summary="Questions about tables, exports and logs.",
        recommended="strict",
        deltas=(
            Delta(
                target="pii",
                cells={
                    Column.UNTRUSTED: _REDACT,
                    Column.HISTORY: _REDACT,
                    Column.ANSWER: _REDACT,
                    Column.ANSWER_TOOL_ARGUMENTS: _REDACT,
                },
                thresholds=1,
                why="Rows of tables are records of people, and analysis needs patterns, not names.",
            ),
            Delta(
                target="code",
                cells={Column.ANSWER: _REDACT},
                why="What the answer proposes is run on the data; commands that destroy it do not get that far.",
            ),
        ),
    ),
    "creative_writing": UseCase(
        summary="Fiction, dialogue, role play.",
        recommended="moderate",
        deltas=(
            Delta(
                target="safety",
                thresholds=-1,
                why="Fiction speaks of crime and violence; only what is beyond doubt ends it.",
            ),
            Delta(
                target="injection.persona",
                thresholds=-1,
                why="Playing a part is the work itself.",
            ),
            Delta(
                target="pii",
                cells={Column.ANSWER: _OFF, Column.ANSWER_TOOL_ARGUMENTS: _OFF},
                why="The people in an answer are invented.",
            ),
        ),
    ),
}


def _apply(policy: Policy, level: str, delta: Delta) -> Policy:
    strict = level == "strict"
    matrix, thresholds = policy.matrix, policy.thresholds
    if delta.cells:
        row = matrix[Family(delta.target)]
        cells = {column: max(action, row[column]) if strict else action for column, action in delta.cells.items()}
        matrix = {**matrix, Family(delta.target): {**row, **cells}}
    if delta.thresholds > 0 or (delta.thresholds < 0 and not strict):
        names = list(LEVELS)
        other = LEVELS[names[min(max(names.index(level) - delta.thresholds, 0), len(names) - 1)]]
        thresholds = {**thresholds, delta.target: next(iter(other.thresholds.values()))}
    return replace(policy, matrix=matrix, thresholds=thresholds)


def _composed(use_case: str, level: str) -> Policy:
    policy = replace(LEVELS[level], name=f"{use_case}:{level}")
    for delta in USE_CASES[use_case].deltas:
        policy = _apply(policy, level, delta)
    return policy


_COMPOSED = {f"{use_case}:{level}": _composed(use_case, level) for use_case, level in product(USE_CASES, LEVELS)}

# Every name that is understood, in full and in short.
PRESETS: Mapping[str, Policy] = {
    **_COMPOSED,
    **{use_case: _COMPOSED[f"{use_case}:moderate"] for use_case in USE_CASES},
    **{level: _COMPOSED[f"default:{level}"] for level in LEVELS},
}

NAMES_IN_WORDS = (
    f"a use case ({', '.join(USE_CASES)}), a level ({', '.join(LEVELS)}), or both, written as use_case:level"
)
