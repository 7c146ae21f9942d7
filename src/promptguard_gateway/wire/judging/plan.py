"""The guard model's settings made ready: what is asked, how much, and what each code of an answer means."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.segments import Direction
from promptguard_gateway.domain.settings import JudgeSettings
from promptguard_gateway.wire.judging.asking import Category, Format
from promptguard_gateway.wire.judging.formats import FORMATS

_DIRECTIONS = {
    "input": frozenset({Direction.INPUT}),
    "output": frozenset({Direction.OUTPUT}),
    "both": frozenset(Direction),
}
_OFF = "off"
_SHORTEST_WINDOW = 200  # characters; less is no context


class Plan(Struct, frozen=True):
    """`budget` in seconds and `window` in characters. `categories` holds the codes that count."""

    format: Format
    model: str
    directions: frozenset[Direction]
    budget: float
    window: int
    questions: int
    holds_streams: bool
    categories: Mapping[str, Category]

    @property
    def detector(self) -> str:
        """The id under which findings and failures are known."""
        return self.format.detector

    @property
    def most_characters(self) -> int:
        """How much text one direction of an exchange may have at most."""
        return self.window * self.questions


def plan_of(settings: JudgeSettings) -> Plan:
    """Raises ValueError with what is wrong; the message begins with the setting."""
    format_ = FORMATS.get(settings.format)
    if format_ is None:
        raise ValueError(f"judge.format must be one of {', '.join(FORMATS)}, not {settings.format!r}")
    if not settings.model:
        raise ValueError("judge.model is missing: the name under which vLLM serves the guard model")
    if settings.directions not in _DIRECTIONS:
        raise ValueError(f"judge.directions must be one of {', '.join(_DIRECTIONS)}, not {settings.directions!r}")
    if settings.streams not in ("refuse", "hold"):
        raise ValueError(f"judge.streams must be refuse or hold, not {settings.streams!r}")
    if settings.budget_ms < 1 or settings.questions < 1 or settings.window < _SHORTEST_WINDOW:
        raise ValueError(
            f"judge.budget_ms and judge.questions must be at least 1, judge.window at least {_SHORTEST_WINDOW}"
        )
    return Plan(
        format=format_,
        model=settings.model,
        directions=_DIRECTIONS[settings.directions],
        budget=settings.budget_ms / 1000,
        window=settings.window,
        questions=settings.questions,
        holds_streams=settings.streams == "hold",
        categories=_categories(settings.categories, format_),
    )


def _categories(changes: Sequence[str], format_: Format) -> dict[str, Category]:
    """The format's own, with the operator's families in place of its."""
    categories = dict(format_.categories)
    for change in changes:
        code, _, family = (part.strip() for part in change.partition("="))
        if code not in format_.categories:
            raise ValueError(f"judge.categories names {code!r}; {format_.name} has {', '.join(format_.categories)}")
        if family == _OFF:
            categories.pop(code, None)
        elif family in list(Family):
            categories[code] = Category(Family(family), format_.categories[code].words)
        else:
            raise ValueError(f"judge.categories gives {code} the family {family!r}; write one of policies.md, or off")
    return categories
