"""The log of requests holds no keys."""

import logging

import pytest

from app.web.access_log import without_keys


@pytest.mark.parametrize(
    ("address", "logged"),
    [
        ("/lists/abc/edit?key=SECRET", "/lists/abc/edit"),
        ("/lists/abc/edit/?key=SECRET", "/lists/abc/edit/"),
        ("/lists/abc/edit", "/lists/abc/edit"),
        ("/search?q=/edit", "/search?q=/edit"),
        ("/models/a?after=3", "/models/a?after=3"),
    ],
)
def test_the_key_of_an_edit_link_is_left_out(address: str, logged: str, caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("test.access")
    log.addFilter(without_keys)
    with caplog.at_level(logging.INFO, "test.access"):
        log.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:5000", "GET", address, "1.1", 200)
    assert caplog.messages == [f'127.0.0.1:5000 - "GET {logged} HTTP/1.1" 200']


def test_other_records_are_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("test.access")
    log.addFilter(without_keys)
    with caplog.at_level(logging.INFO, "test.access"):
        log.info("started")
        log.info("%s of %s", 1, 2)
    assert caplog.messages == ["started", "1 of 2"]
