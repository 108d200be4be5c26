"""The command line: what is asked for, and what is said when it cannot be done."""

from __future__ import annotations

from pathlib import Path

import typer
from typer.testing import CliRunner

from signaling.client.cli import participant
from signaling.client.session import signal_url

app = typer.Typer()
app.command()(participant)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
    return result.exit_code, result.output


def test_without_a_token_says_where_to_get_one() -> None:
    code, said = run("--publish", "none")
    assert code == 1
    assert "1 participants need 1 tokens; 0 given" in said
    assert "vikno token" in said


def test_load_needs_as_many_tokens(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("one\n\ntwo\n")
    code, said = run("--publish", "none", "--tokens", str(tokens), "--count", "3")
    assert code == 1
    assert "3 participants need 3 tokens; 2 given" in said


def test_a_file_that_cannot_be_sent_is_named(tmp_path: Path) -> None:
    code, said = run("--token", "t", "--publish", str(tmp_path / "no.mp4"), "--cache", str(tmp_path))
    assert code == 2
    assert "no.mp4 cannot be read" in said


def test_an_unknown_picture_is_refused_with_the_known_ones() -> None:
    code, said = run("--token", "t", "--name", "paris")
    assert code == 2
    assert "one of kyiv, lviv, sumy" in said


def test_a_server_that_is_not_there_is_an_error() -> None:
    code, said = run("--token", "t", "--publish", "none", "--server", "http://127.0.0.1:9")
    assert code == 1
    assert "http://127.0.0.1:9 cannot be reached" in said


def test_addresses_of_the_signal() -> None:
    assert signal_url("http://localhost:8000/") == "ws://localhost:8000/signal"
    assert signal_url("https://vikno.example") == "wss://vikno.example/signal"
    assert signal_url("ws://127.0.0.1:8701/signal") == "ws://127.0.0.1:8701/signal"
