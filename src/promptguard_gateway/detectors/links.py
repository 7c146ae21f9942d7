"""Links and images in an answer whose address carries data out.

A client that renders an answer fetches its images at once: whoever controls the address reads what the model was made
to put into it. A link waits for a click, so it scores lower. What counts is the size of what an address carries:
documentation links have no query or a short one.
"""

from promptguard_gateway.core.detector import OUTPUT, Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import Family, Severity

# Scheme (or none, `//host`) and host with path; then what is carried.
_ADDRESS = r"(?:https?:)?//[\w.~:/@%+,;$!*-]{3,250}"
_VALUE = r"[\w.~%+/:,;@!*-]"
_QUERY = rf"[?#&](?:{_VALUE}|[=&?]){{0,80}}="
_LONG = rf"(?:{_QUERY}{_VALUE}{{20}}|[?#]{_VALUE}{{24}}|/[\w%+=-]{{48}})"
_VERY_LONG = rf"(?:{_QUERY}{_VALUE}{{64}}|[?#]{_VALUE}{{64}}|/[\w%+=-]{{96}})"
# In text that the client parses as HTML or Markdown, spaces and quotes end an address.
_ADDRESS_END = r"[\s)\"'<>\]]"
_TEMPLATE = r"(?:\{\{?|\$\{|%7B|<|\[)[\w .-]{2,40}"

_MARKDOWN_IMAGE = r"!\[[^\]\n]{0,200}\]\(\s{0,3}<?"
_MARKDOWN_LINK = r"\[[^\]\n]{1,200}\]\(\s{0,3}<?"
_DEFINITION = r"(?:^|\n) {0,3}\[[^\]\n]{1,80}\]:\s{0,4}<?"
_EMBEDDING = (
    r"(?i)<(?:img|iframe|image|script|link|video|audio|source|embed|object|input|picture|svg|"
    r"use|track|body|table|td)\b[^>]{0,200}?"
    r"(?:src|srcset|href|data|poster|background)\s{0,3}=\s{0,3}[\"']?"
)
_ANCHOR = r"(?i)<(?:a|form|area|base)\b[^>]{0,200}?(?:href|action)\s{0,3}=\s{0,3}[\"']?"
_CSS = r"(?i)(?:url\(|@import\s)\s{0,3}[\"']?"


def _carrying(name: str, before: str, carried: str, score: float) -> Pattern:
    return Pattern(name=name, regex=f"{before}{_ADDRESS}{carried}", score=score, until=_ADDRESS_END)


LINKS = PatternDetector(
    spec=Spec(
        id="link.exfiltration",
        family=Family.LINK,
        category="exfiltration_link",
        threat_type="url_violation",
        severity=Severity.HIGH,
        label="LINK",
        owasp=("LLM02", "LLM05"),
        directions=OUTPUT,
        summary="a link or image whose address carries data out",
        source="CommonMark 0.31, HTML Living Standard; published exfiltration cases such as CVE-2025-32711",
    ),
    patterns=(
        _carrying("markdown_image", _MARKDOWN_IMAGE, _LONG, 0.88),
        _carrying("reference_definition", _DEFINITION, _LONG, 0.82),
        _carrying("html_embedding", _EMBEDDING, _LONG, 0.88),
        _carrying("css_url", _CSS, _LONG, 0.86),
        _carrying("markdown_image_query", _MARKDOWN_IMAGE, rf"{_QUERY}{_VALUE}{{6}}", 0.6),
        _carrying("html_embedding_query", _EMBEDDING, rf"{_QUERY}{_VALUE}{{6}}", 0.6),
        _carrying("markdown_link", _MARKDOWN_LINK, _LONG, 0.6),
        _carrying("markdown_link_long", _MARKDOWN_LINK, _VERY_LONG, 0.84),
        _carrying("html_anchor", _ANCHOR, _LONG, 0.6),
        _carrying("html_anchor_long", _ANCHOR, _VERY_LONG, 0.84),
        Pattern(
            name="bare_address_long",
            regex=rf"\bhttps?://[\w.~:/@%+,;$!*-]{{3,250}}{_VERY_LONG}",
            score=0.8,
            until=_ADDRESS_END,
        ),
        Pattern(
            name="encoded_host",
            regex=r"(?i)\bhttps?://(?:[a-z0-9_-]{40,63}|(?:[a-z0-9_-]{20,63}\.){2,6})\.?[a-z0-9-]{1,63}\.[a-z]{2,24}"
            r"\b",
            score=0.8,
            until=_ADDRESS_END,
        ),
        Pattern(
            name="fill_in_image",
            regex=rf"{_MARKDOWN_IMAGE}{_ADDRESS}[?&#](?:{_VALUE}|[=&]){{0,80}}=?{_TEMPLATE}",
            score=0.82,
            until=r"[)\n]",
        ),
    ),
)
