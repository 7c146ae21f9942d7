"""What the log says of a failure of ours. One place, so that no log ever quotes a prompt."""

import logging
import traceback

from promptguard_gateway.domain.errors import GatewayError

log = logging.getLogger("promptguard")


def report(what: str, failure: Exception) -> None:
    """Where it failed and with what type. Not its message, which could quote a prompt."""
    frames = "".join(traceback.format_tb(failure.__traceback__))
    log.error("%s failed with %s at\n%s", what, type(failure).__name__, frames)


def internal_error() -> GatewayError:
    """What the client is told of it."""
    return GatewayError("internal_error", "Something failed here; the operator's log says what.")
