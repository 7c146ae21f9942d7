"""What a case of the catalogue is."""

from enum import StrEnum

from msgspec import Struct

from promptguard_gateway.app import Direction, Family


class Section(StrEnum):
    """The parts of the catalogue."""

    STRUCTURE = "A request structure"
    VLLM = "B vLLM"
    ANSWER = "C answers"
    EVASION = "D text evasion"
    GATEWAY = "E gateway"
    TWIN = "false-positive twins"


class Case(Struct, frozen=True, kw_only=True):
    """A text in several spellings, and what it is.

    `families`: the rows of the policy that it is a finding of; none: it must pass. `value`: what must not reach
    anybody when the policy redacts or blocks. `protected`: the system message of the exchange, when the case is about
    its leaking. `direction`: whether it is a trick of requests or of answers.
    """

    id: str
    section: Section
    imitates: str
    families: tuple[Family, ...] = ()
    spellings: tuple[str, ...]
    direction: Direction = Direction.INPUT
    value: str = ""
    protected: str = ""
