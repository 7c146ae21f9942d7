"""Values that the tests of the wire share."""

from hypothesis import strategies as st

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.settings import BodyLimits

LIMITS = BodyLimits()

texts = st.text(max_size=20)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts
)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


def refusal(call) -> GatewayError:
    """The GatewayError that a call raises."""
    try:
        call()
    except GatewayError as error:
        return error
    raise AssertionError("nothing was refused")


def chat(*messages, **fields) -> dict:
    """A chat request with these messages, by default one of a user."""
    return {"model": "vllm/demo", "messages": list(messages) or [{"role": "user", "content": "Hello"}], **fields}


def user(content, **members) -> dict:
    """A user's message."""
    return {"role": "user", "content": content, **members}
