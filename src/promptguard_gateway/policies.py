"""From a policy that somebody wrote to a judge that decides by it: with the detectors there are, as the settings say.

Mode and failure modes are settings, and so is the guard model; everything else is the document's. A stored version and
the same settings lead to the same decisions, which is what an event's `policy_version` promises.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec import structs

from promptguard_gateway.core.detector import Detector, Knowledge
from promptguard_gateway.core.policy import FailureMode, Mode, Policy
from promptguard_gateway.core.segments import Channel, Direction, Role, Segment, column_of
from promptguard_gateway.detectors.catalogue import DETECTORS
from promptguard_gateway.domain.catalogue import Catalogue
from promptguard_gateway.domain.policy_document import Compiled, PolicyDocument, compile_policy
from promptguard_gateway.domain.projects import FailMode
from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.domain.settings_source import SettingsError
from promptguard_gateway.domain.strict_tree import TreeError
from promptguard_gateway.plugins import load_detectors, offered_detectors
from promptguard_gateway.proxy.inspect import SPECS, Judge, Judgement
from promptguard_gateway.proxy.second_opinion import SecondOpinion, with_questions
from promptguard_gateway.proxy.understanding import Understanding
from promptguard_gateway.text_models import model_detectors
from promptguard_gateway.wire.judging.formats import VERDICTS

_PROJECT = "command line"


class Judges:
    """Makes judges. Raises SettingsError for packages of detectors that cannot be used."""

    def __init__(self, settings: Settings, second_opinion: SecondOpinion | None = None) -> None:
        self._settings = settings
        self._detectors = detectors_of(settings)
        self._second_opinion = second_opinion
        self.catalogue = catalogue_of(self._detectors)

    def policy(self, document: PolicyDocument, *, version: int = 1, fail_mode: FailMode | None = None) -> Policy:
        """What a document comes to here. Raises TreeError, which names the place and the way out."""
        return self._compiled(document, version, fail_mode).policy

    def judge(self, document: PolicyDocument, *, version: int = 1, fail_mode: FailMode | None = None) -> Judge:
        """A judge that decides by it at once. Blocks for a second or more. Raises TreeError."""
        compiled = self._compiled(document, version, fail_mode)
        if self._second_opinion is not None and self._second_opinion.redacts_answers(compiled.policy):
            raise TreeError("matrix", "a guard model judges whole answers here, so what it finds cannot be redacted.")
        judge = Judge((*self._detectors, *compiled.detectors), compiled.policy)
        judge.prepare()
        return judge

    def _compiled(self, document: PolicyDocument, version: int, fail_mode: FailMode | None) -> Compiled:
        compiled = compile_policy(document, self.catalogue)
        settings = self._settings
        policy = structs.replace(
            compiled.policy,
            version=version,
            mode=Mode(settings.mode),
            failure={
                Direction.INPUT: FailureMode(fail_mode or settings.failure_input),
                Direction.OUTPUT: FailureMode(fail_mode or settings.failure_output),
            },
        )
        return structs.replace(compiled, policy=with_questions(policy, settings.judge))


def document_of(settings: Settings) -> PolicyDocument:
    """The gateway's own policy, as a document."""
    return settings.policy if isinstance(settings.policy, PolicyDocument) else PolicyDocument(preset=settings.policy)


def policy_of(settings: Settings) -> Policy:
    """The gateway's own policy. Raises SettingsError."""
    with _said_by(settings):
        return Judges(settings).policy(document_of(settings))


def judge_of(settings: Settings, judges: Judges | None = None, *, version: int = 1) -> Judge:
    """A judge that decides by the gateway's own policy, with every detector there is. Raises SettingsError."""
    with _said_by(settings):
        return (judges or Judges(settings)).judge(document_of(settings), version=version)


@contextmanager
def _said_by(settings: Settings) -> Iterator[None]:
    """What is wrong with the policy, with the name of its file."""
    try:
        yield
    except TreeError as error:
        source = settings.policy_file or "promptguard.yaml"
        raise SettingsError(f"{error.place} of the policy (in {source}): {error.what} See docs/policies.md.") from None


def catalogue_of(detectors: Sequence[Detector]) -> Catalogue:
    """What a policy can speak of."""
    return Catalogue.of(detectors, SPECS, VERDICTS)


def detectors_of(settings: Settings) -> tuple[Detector, ...]:
    """Ours, those of the packages that the operator trusts, and the text model's. Raises SettingsError."""
    loaded = load_detectors(settings.plugins, offered_detectors(), DETECTORS)
    return (*DETECTORS, *loaded, *model_detectors(settings))


def judge_text(judge: Judge, text: str, *, answer: bool, understanding: Understanding | None = None) -> Judgement:
    """Judge one text as a user's prompt, or as a model's answer. Raises GatewayError `detector_unavailable`."""
    direction, role = (Direction.OUTPUT, Role.ASSISTANT) if answer else (Direction.INPUT, Role.USER)
    segment = Segment(("text",), role, text, column_of(direction, role, Channel.CONTENT))
    judgement = judge.answer([segment], Knowledge()) if answer else judge.request(_PROJECT, [segment])
    if understanding is None:
        return judgement
    if answer:
        return asyncio.run(understanding.review_answer(judge, judgement))
    return asyncio.run(understanding.review_request(judge, _PROJECT, judgement, None))
