"""Logs: one form for all, and no secret in any of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from web.main import logs

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJtZWV0aW5nIjoiZGVtbyJ9.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    handlers, level = logging.root.handlers, logging.root.level
    yield
    logging.root.handlers, logging.root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_lines_of_our_own_and_of_libraries_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "info", process="web")
    structlog.get_logger("vikno").info("joined", meeting="demo")
    logging.getLogger("some.library").warning("slow: %d ms", 12)
    logging.getLogger("some.library").debug("not shown")
    own, library = map(json.loads, capsys.readouterr().err.splitlines())
    assert (own["event"], own["meeting"], own["process"], own["level"]) == ("joined", "demo", "web", "info")
    assert (library["event"], library["logger"]) == ("slow: 12 ms", "some.library")


@pytest.mark.parametrize("form", ["json", "console"])
def test_secrets_do_not_show(capsys: pytest.CaptureFixture[str], form: str) -> None:
    logs.configure(form, "info")  # type: ignore[arg-type]
    log = structlog.get_logger("vikno")
    log.info("a", token="hush-1", password="hush-2", authorization="Bearer hush-3", session_cookie="hush-4")
    log.info(f"joining with {JWT}", url="postgresql+psycopg://vikno:hush-5@host/db")
    logging.getLogger("httpx").warning("Authorization: Bearer %s", "hush-6-0123456789")
    try:
        raise ValueError(f"refused {JWT}")
    except ValueError:
        log.exception("failed")
    shown = capsys.readouterr().err
    assert "hush" not in shown
    assert JWT not in shown
    assert "ValueError" in shown
