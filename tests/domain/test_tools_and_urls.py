"""The sections `tools` and `urls` of a policy: what they become, and what is wrong in them."""

import pytest

from domain.policy_parts import CATALOGUE
from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.segments import Column
from promptguard_gateway.core.tool_rules import ToolRules
from promptguard_gateway.core.url_rules import UrlDetector, UrlRules
from promptguard_gateway.domain.policy_document import PolicyDocument, compile_policy
from promptguard_gateway.domain.strict_tree import TreeError
from promptguard_gateway.domain.tools_and_urls import Tools, Urls


def test_what_they_become() -> None:
    """Rules of the policy, and a detector of its own."""
    document = PolicyDocument(
        tools=Tools(block=("rm",), check_schema=True), urls=Urls(block=("evil.example", "private"), schemes=("https",))
    )
    compiled = compile_policy(document, CATALOGUE)
    assert compiled.policy.tools == ToolRules(block=("rm",), check_schema=True)
    assert compiled.detectors == (UrlDetector(UrlRules(block=("evil.example", "private"), schemes=("https",))),)


def test_without_them_nothing_is_judged() -> None:
    """No rule for tools, and no detector for addresses."""
    compiled = compile_policy(PolicyDocument(), CATALOGUE)
    assert (compiled.policy.tools, compiled.detectors) == (ToolRules(), ())


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (PolicyDocument(tools=Tools(max_argument_bytes=0)), "tools.max_argument_bytes"),
        (PolicyDocument(urls=Urls(allow=("ok.example", "https://ok.example"))), "urls.allow[1]"),
        (PolicyDocument(urls=Urls(block=("evil.example/path",))), "urls.block[0]"),
        (PolicyDocument(urls=Urls(schemes=("https:",))), "urls.schemes[0]"),
        (PolicyDocument(matrix={Family.TOOL: {Column.ANSWER_TOOL_ARGUMENTS: "redact"}}), "matrix.tool"),
    ],
)
def test_what_is_wrong_is_named(document: PolicyDocument, place: str) -> None:
    """With its place."""
    with pytest.raises(TreeError) as caught:
        compile_policy(document, CATALOGUE)
    assert caught.value.place == place
