"""The event streams, as far as they end by themselves; endless ones are watched in a real browser."""

from fastapi.testclient import TestClient

from tests.web.conftest import SPEC, finish


def events(text: str) -> list[dict[str, str]]:
    """The events of a stream: each a mapping of its fields, lines of data joined."""
    found = []
    for block in text.split("\n\n"):
        fields: dict[str, str] = {}
        for line in block.splitlines():
            name, _, value = line.partition(": ")
            fields[name] = f"{fields[name]}\n{value}" if name in fields else value
        if fields:
            found.append(fields)
    return found


def test_the_stream_of_a_finished_render_is_its_state_and_the_end(client: TestClient, render_url: str) -> None:
    answer = client.get(f"{render_url}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    state, end = events(answer.text)
    last = client.get(f"{render_url}.json").json()["frames"][-1]["url"]
    assert last in state["data"] and 'hx-target="#film"' in state["data"] and state["id"]
    assert end == {"event": "end", "data": "done"}


def test_a_reader_who_saw_everything_still_gets_the_end(client: TestClient, render_url: str) -> None:
    seen = events(client.get(f"{render_url}/events").text)[0]["id"]
    again = events(client.get(f"{render_url}/events", headers={"Last-Event-ID": seen}).text)
    assert again[-1]["event"] == "end"


def test_an_event_id_of_another_process_is_no_reason_to_skip(client: TestClient, render_url: str) -> None:
    for stale in ("0badcafe-999999", "garbage", "-", "0"):
        first, *_ = events(client.get(f"{render_url}/events", headers={"Last-Event-ID": stale}).text)
        assert "#film" in first["data"]


def test_watching_a_running_render_shows_it_grow_to_its_end(client: TestClient) -> None:
    spec = {**SPEC, "unit": "40", "steps": "60", "facet": "stripes"}
    url = client.post("/renders", data=spec).headers["location"]
    seen = events(client.get(f"{url}/events").text)
    assert seen[-1] == {"event": "end", "data": "done"}
    assert len(seen) >= 2 and 'value="60"' in seen[-2]["data"]
    grown = [state["data"] for state in seen[:-1] if "/frames/" in state["data"]]
    assert grown and all("Looks like stripes" in state and "%" in state for state in grown)
    assert finish(client, url)["status"] == "done"


def test_the_stream_of_a_ready_facet_ends_at_once(client: TestClient, facet_url: str) -> None:
    state, end = events(client.get(f"{facet_url}/events").text)
    assert "Ready" in state["data"] and end == {"event": "end", "data": "ready"}
