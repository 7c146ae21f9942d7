"""The policies that ship, as the PromptGuard API lists them."""

from collections.abc import Sequence

from promptguard_gateway.control.managing import Asked
from promptguard_gateway.core.presets import LEVELS, NAMES_IN_WORDS, PRESETS, USE_CASES
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.wire.management import Preset


class PresetDesk:
    """The routes about presets."""

    def list(self, asked: Asked) -> Sequence[Preset]:
        """GET presets."""
        return [_preset(use_case, level) for use_case in USE_CASES for level in LEVELS]

    def get(self, asked: Asked) -> Preset:
        """GET presets/{preset}. Raises GatewayError `invalid_preset`."""
        found = PRESETS.get(asked.parameters["preset"])
        if found is None:
            raise GatewayError("invalid_preset", f"A preset is {NAMES_IN_WORDS}.", param="preset")
        use_case, _, level = found.name.partition(":")
        return _preset(use_case, level)


def _preset(use_case: str, level: str) -> Preset:
    told = USE_CASES[use_case]
    changed = " ".join(delta.why for delta in told.deltas)
    return Preset(
        key=f"{use_case}:{level}",
        name=f"{use_case.replace('_', ' ').capitalize()}, {level}",
        description=f"{told.summary} {changed}".strip(),
        use_case=use_case,
        strictness_level=level,
        recommended=told.recommended == level,
        pii_detection=level,
        injection_detection=level,
        exfiltration_detection=level,
        output_safety=level,
    )
