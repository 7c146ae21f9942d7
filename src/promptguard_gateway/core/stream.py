"""An answer on its way to the client: what may leave, what waits, and what is replaced.

The promise: for every way of cutting an answer into deltas, the client receives the same. It is kept by deciding
nothing before it is certain. A lane (`core.lane`) says which findings are certain and from where on the text is still
open; what is released reaches to the open part, or to the first finding that could still grow together with something
in it. Findings that overlap are one component: a block ends the answer where the component begins, a redaction
replaces all of it by one placeholder or mask, of the kind of the strongest, then longest, then earliest of them.

A long value (`Pattern.until`) is decided by its beginning: its placeholder leaves at once, the rest is swallowed. What
begins inside the rest belongs to it, except a blocked finding, which ends the answer there.

Whole answers are decided by the same code (`StreamInspector.whole`).
"""

import re
from collections import deque

from msgspec import Struct

from promptguard_gateway.core.detector import Knowledge, Spec
from promptguard_gateway.core.findings import DetectorFailure, Family, Finding, Severity
from promptguard_gateway.core.plan import AnswerPlan
from promptguard_gateway.core.policy import HOLD_OVERFLOW, Action
from promptguard_gateway.core.reading import Spotted
from promptguard_gateway.core.record import Record, Watcher
from promptguard_gateway.core.replacement import placeholder, replacement
from promptguard_gateway.core.segments import Direction

OVERFLOW = Spec(
    id=HOLD_OVERFLOW,
    family=Family.HIDDEN,
    category="hold_overflow",
    threat_type="policy_violation",
    severity=Severity.HIGH,
    label="OVERFLOW",
    directions=(Direction.OUTPUT,),
    summary="a text that stays undecided for longer than the policy allows to hold back",
    source="Policy.hold_limit",
)

_SPACE = re.compile(r"\s")


class Piece(Struct, frozen=True, gc=False):
    """A part of what is released: `text` stands for the original characters `start..end`.

    `fixed`: they are not the model's own words, something was put in their place.
    """

    text: str
    start: int
    end: int
    fixed: bool = False


class Release(Struct, frozen=True):
    """What may leave now. The pieces of all releases follow each other without gap; `blocked` ends the answer."""

    pieces: tuple[Piece, ...] = ()
    blocked: Finding | None = None

    @property
    def text(self) -> str:
        """What the client gets."""
        return "".join([piece.text for piece in self.pieces])


_NOTHING = Release()


class _Cover(Struct):
    """A component whose placeholder has left: it swallows what follows, to `end` and to the end of its long values."""

    end: int
    members: list[Spotted]

    def reach(self, stable: int) -> int:
        """How far is decided whether the text belongs to it."""
        return min([stable, *(one.tail.bound for one in self.members if one.tail and one.tail.end is None)])

    def settle(self) -> bool:
        """Whether all its long values have ended."""
        ends = [one.tail.end for one in self.members if one.tail]
        self.end = max([self.end, *(end for end in ends if end is not None)])
        return None not in ends


class StreamInspector:
    """Inspects one channel of one answer.

    `findings` and `scores` are complete and ordered after `finish` or a block. `failed` is set when a detector failed
    and the policy is closed on failure: from then on nothing is released, and the caller must end the answer. With a
    policy that is open, a failed code detector is not asked again and a hit that could not be validated is none.
    """

    def __init__(self, plan: AnswerPlan, knowledge: Knowledge, segment: int = 0) -> None:
        self.blocked: Finding | None = None
        self.characters = 0
        self._plan = plan
        self._record = Record(plan, segment)
        self._lane = None if plan.acting.idle else plan.acting.lane(knowledge)
        watching = None if plan.watching.idle else plan.watching.lane(knowledge, plan.policy.hold_limit)
        self._watcher = None if watching is None else Watcher(watching)
        self._finished = False
        self._source = ""  # original text from `_out` to `_end`
        self._out = self._end = 0
        self._queue: deque[Spotted] = deque()  # certain, but what becomes of them is not
        self._cover: _Cover | None = None
        self._skipping = False

    @property
    def findings(self) -> list[Finding]:
        """Everything from the warn threshold on."""
        return self._record.findings

    @property
    def scores(self) -> dict[str, float]:
        """Every detector's highest score, also below thresholds."""
        return self._record.scores

    @property
    def failures(self) -> list[DetectorFailure]:
        """Detectors that could not do their work."""
        return self._record.failures

    @property
    def failed(self) -> bool:
        """Whether the answer must not go on because inspection failed."""
        return self._record.fatal

    def feed(self, delta: str) -> Release:
        """Add to the answer; what may leave now."""
        if not delta or self._over:
            return _NOTHING
        self.characters += len(delta)
        pieces: list[Piece] = []
        if self._lane is None:
            self._pass(delta, pieces)
        else:
            self._take_in(delta, pieces)
        return self._release(pieces)

    def finish(self) -> Release:
        """The answer is complete: decides and releases the rest."""
        if self._over:
            return _NOTHING
        self._finished = True
        pieces: list[Piece] = []
        if self._lane is not None:
            self._queue += self._record.take(self._lane.settle(final=True))
            self._emit(self._end, pieces)
        if self.blocked is None:
            self._complete(self._end, None)
        return self._release(pieces)

    @property
    def _over(self) -> bool:
        return self._finished or self.blocked is not None or self.failed

    def whole(self, text: str) -> Release:
        """The complete answer at once: what `feed` and `finish` would release, without asking what may still come."""
        if self._lane is None or len(text) > self._plan.policy.hold_limit:
            fed, rest = self.feed(text), self.finish()
            return Release(fed.pieces + rest.pieces, fed.blocked or rest.blocked)
        self.characters = self._end = len(text)
        self._source = text
        self._lane.append(text)
        return self.finish()

    def _release(self, pieces: list[Piece]) -> Release:
        if self.failed:
            return _NOTHING
        return Release(tuple(pieces), self.blocked)

    def _pass(self, delta: str, pieces: list[Piece]) -> None:
        start = self._end
        self._out = self._end = start + len(delta)
        pieces.append(Piece(delta, start, self._end))
        self._watched(delta)

    def _take_in(self, delta: str, pieces: list[Piece]) -> None:
        """The delta in steps that cannot run past the hold limit unnoticed, so that it is met at one exact place."""
        limit = self._plan.policy.hold_limit
        position = 0
        while position < len(delta) and not self._over:
            if self._skipping:
                position = self._skip(delta, position, pieces)
                continue
            step = delta[position : position + max(1, limit - (self._end - self._out))]
            position += len(step)
            self._advance(step, pieces)
            if self._end - self._out > limit and not self._over:
                self._overflow(pieces)

    def _advance(self, step: str, pieces: list[Piece]) -> None:
        lane = self._lane
        if lane is None:
            return
        self._source += step
        self._end += len(step)
        lane.append(step)
        found = lane.settle()
        if found:
            self._queue += self._record.take(found)
        if not self.failed:
            self._emit(lane.stable, pieces)

    # What is released. `stable`: nothing unknown begins before it.

    def _emit(self, stable: int, pieces: list[Piece]) -> None:
        while self.blocked is None:
            if self._cover is not None:
                if not self._swallow(self._cover, stable, pieces):
                    return
            elif not self._component(stable, pieces):
                return

    def _component(self, stable: int, pieces: list[Piece]) -> bool:
        """Deal with the first component of findings that lead to a change; whether there was one that is complete."""
        group, end = self._first_group()
        if not group:
            self._record_until(stable)
            self._plain(stable, pieces)
            return False
        start = group[0].start
        blocking = next((one for one in group if self._action(one) is Action.BLOCK), None)
        if blocking is None and end > stable:
            self._record_until(start)
            self._plain(start, pieces)
            return False
        self._plain(start, pieces)
        if blocking is not None:
            self._block(blocking)
            return False
        self._replace(group, end, pieces)
        return True

    def _first_group(self) -> tuple[list[Spotted], int]:
        group: list[Spotted] = []
        end = 0
        for spotted in self._queue:
            if group and spotted.start >= end:
                break
            if self._action(spotted) >= Action.REDACT:
                group.append(spotted)
                end = max(end, spotted.end)
        return group, end

    def _replace(self, group: list[Spotted], end: int, pieces: list[Piece]) -> None:
        """One placeholder for the whole component."""
        winner = min(group, key=lambda one: (one.start - one.end, one.key))
        self._put(self._replacement(winner, end), end, pieces)
        self._record_until(end)
        if any(one.tail for one in group):
            self._cover = _Cover(end, group)

    def _replacement(self, winner: Spotted, end: int) -> str:
        """A long value has not ended yet, so there is nothing of it that a mask could show."""
        how = self._plan.policy.replacement_of(winner.spec.id, winner.spec.family)
        value = self._source[: end - self._out]
        return placeholder(winner.label) if winner.tail else replacement(how, winner.label, value)

    def _swallow(self, cover: _Cover, stable: int, pieces: list[Piece]) -> bool:
        """Drop what belongs to a component whose placeholder has left; whether the component is complete."""
        ended = cover.settle()
        reach = cover.reach(stable)
        inside = min(cover.end, reach) if ended else reach
        while self._queue and self._queue[0].start < inside:
            spotted = self._queue[0]
            action = self._action(spotted)
            if action is Action.BLOCK:
                self._block(spotted)
                return False
            self._record.add(self._queue.popleft())
            if action is Action.REDACT:
                cover.end = max(cover.end, spotted.end)
                cover.members.append(spotted)
                return True
        self._put("", inside, pieces)
        if not ended or cover.end > stable:
            return False
        self._cover = None
        return True

    def _plain(self, end: int, pieces: list[Piece]) -> None:
        if end > self._out:
            self._put(self._source[: end - self._out], end, pieces, fixed=False)

    def _put(self, text: str, end: int, pieces: list[Piece], *, fixed: bool = True) -> None:
        """Decide everything up to `end`: `text` leaves in its place."""
        if end > self._out:
            taken = end - self._out
            pieces.append(Piece(text, self._out, end, fixed))
            self._watched(self._source[:taken])
            self._source = self._source[taken:]
            self._out = end

    # Endings.

    def _block(self, spotted: Spotted) -> None:
        """The answer ends here. What is recorded is what precedes the finding, however much has already arrived."""
        for one in [one for one in self._queue if one.key < spotted.key]:
            self._record.add(one)
        self._end_with(self._record.add_last(spotted), spotted.start, spotted.end)

    def _end_with(self, finding: Finding, start: int, end: int) -> None:
        self.blocked = finding
        self._watched(self._source[: end - self._out])
        self._complete(end, start)
        self._queue.clear()
        self._source = ""

    def _overflow(self, pieces: list[Piece]) -> None:
        """More is held than the policy allows: block, or replace it with the rest of the word it ends in."""
        spotted = Spotted(
            spec=OVERFLOW,
            rule="hold_overflow",
            label=OVERFLOW.label,
            start=self._out,
            end=self._end,
            score=1.0,
            order=(-1, 0),
        )
        if self._plan.policy.overflow is not Action.REDACT:
            self._end_with(self._record.add_last(spotted), self._end, self._end)
            return
        self._record_until(self._end)
        self._record.add_last(spotted)
        self._put(placeholder(OVERFLOW.label), self._end, pieces)
        self._resume()
        self._skipping = True

    def _skip(self, delta: str, position: int, pieces: list[Piece]) -> int:
        """After an overflow the rest of the unbroken word goes too, because it may be the rest of a value."""
        space = _SPACE.search(delta, position)
        self._skipping = space is None
        end = space.start() if space else len(delta)
        if end > position and self._lane is not None:
            self._source += delta[position:end]
            self._end += end - position
            self._lane.append(delta[position:end])
            self._put("", self._end, pieces)
            self._resume()
        return end

    def _resume(self) -> None:
        """Begin anew after the text so far."""
        self._cover = None
        if self._lane is not None:
            self._lane.restart()

    # What is written down.

    def _action(self, spotted: Spotted) -> Action:
        return self._plan.action(spotted)

    def _record_until(self, position: int) -> None:
        while self._queue and self._queue[0].start < position:
            self._record.add(self._queue.popleft())

    def _watched(self, text: str) -> None:
        if self._watcher is not None and self._watcher.add(text):
            self._see(self._watcher.read())

    def _see(self, found: list[Spotted]) -> None:
        for spotted in self._record.take(found):
            self._record.add(spotted)

    def _complete(self, end: int, blocked_at: int | None) -> None:
        if self._watcher is not None:
            self._see(self._watcher.finish())
            self._watcher = None
        self._record.complete(end, blocked_at)
