"""What the routes that read take and give."""

from pathlib import Path

import pytest

from console.house import house
from promptguard_gateway.console.desk import RANGES
from store.test_events import store
from store.values import BEGAN, make_event


async def test_events_are_found_by_what_is_asked(tmp_path: Path) -> None:
    """Every filter of the query narrows the list; `next` leads on."""
    async with house(tmp_path) as it:
        store(
            tmp_path,
            [
                make_event("evt_1", time=BEGAN, model="a"),
                make_event("evt_2", time=BEGAN + 1, decision="block", threat_type="injection", project="support"),
                make_event("evt_3", time=BEGAN + 2, threat_type="hidden"),
            ],
        )
        browser = await it.signed_in()

        async def found(query: str) -> list[str]:
            status, page = await browser.ask("GET", f"events?{query}")
            assert status == 200
            return [row["id"] for row in page["rows"]]

        assert await found("") == ["evt_3", "evt_2", "evt_1"]
        assert await found("decision=block") == ["evt_2"]
        assert await found("flagged=true&decision=allow") == ["evt_3"]
        assert await found("threat=injection") == ["evt_2"]
        assert await found("project=support") == ["evt_2"]
        assert await found("model=a") == ["evt_1"]
        assert await found(f"since={BEGAN + 1}&until={BEGAN + 2}") == ["evt_2"]
        assert await found("project=") == ["evt_3", "evt_2", "evt_1"]
        _, page = await browser.ask("GET", "events?limit=2")
        assert await found(f"limit=2&cursor={page['next']}") == ["evt_1"]


@pytest.mark.parametrize(
    "query", ["since=yesterday", "since=-1", "limit=²", f"model={'x' * 257}", "cursor=evt_1", "cursor=1-2-3"]
)
async def test_a_query_that_makes_no_sense_is_a_400(tmp_path: Path, query: str) -> None:
    """It is not answered with something else."""
    async with house(tmp_path) as it:
        browser = await it.signed_in()
        assert (await browser.ask("GET", f"events?{query}"))[0] == 400


async def test_an_event_comes_whole(tmp_path: Path) -> None:
    """By its id; another id is 404."""
    async with house(tmp_path) as it:
        store(tmp_path, [make_event("evt_1")])
        browser = await it.signed_in()
        status, answer = await browser.ask("GET", "events/evt_1")
        assert (status, answer["event"]["id"], answer["event"]["scores"]) == (200, "evt_1", {"pii.email": 0.25})
        assert answer["thresholds"] == {"pii.email": [0.5, 0.8]}
        assert (await browser.ask("GET", "events/evt_2"))[0] == 404


@pytest.mark.parametrize("name", RANGES)
async def test_an_overview_ends_with_the_piece_that_is_filling(tmp_path: Path, name: str) -> None:
    """Pieces are aligned, so that a chart does not jump; the newest event is in the last one."""
    async with house(tmp_path) as it:
        now = int(it.now[0] * 1000)
        store(tmp_path, [make_event("evt_1", time=now)])
        browser = await it.signed_in()
        status, answer = await browser.ask("GET", f"overview?range={name}")
        length, step = RANGES[name]
        assert status == 200
        assert len(answer["points"]) == length // step
        assert [point["start"] % step for point in answer["points"]] == [0] * (length // step)
        assert answer["points"][-1]["allowed"] == answer["total"]["allowed"] == 1


async def test_other_ranges_are_refused(tmp_path: Path) -> None:
    """A range that is not listed could read too much."""
    async with house(tmp_path) as it:
        browser = await it.signed_in()
        assert (await browser.ask("GET", "overview?range=1y"))[0] == 400


async def test_the_playground_and_the_upstreams(tmp_path: Path) -> None:
    """The policy in use unless others are named; states as the gateway knows them."""
    async with house(tmp_path) as it:
        browser = await it.signed_in()
        assert (await browser.ask("POST", "playground", {"text": "four"}))[1]["inspected_us"] == 4
        assert (await browser.ask("GET", "playground"))[1] == {"policies": ["project default", "strict"]}
        _, answer = await browser.ask("GET", "upstreams")
        assert answer == {"upstreams": [{"origin": "http://localhost:8000", "state": "ready"}]}
