"""`vikno token` and where meetings live."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest
from typer.testing import CliRunner

from signaling.model import Permission, Presence, Role
from signaling.tokens import TokenError, verify
from web.main.cli import app
from web.main.secrets import derive, master_key
from web.main.tokens import node_of


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIKNO_DATA", str(tmp_path))
    return tmp_path


def test_a_token_opens_its_meeting_and_no_other(data: Path) -> None:
    result = CliRunner().invoke(app, ["token", "--meeting", "demo", "--role", "presenter", "--name", "Олена"])
    assert result.exit_code == 0, result.output
    key = derive(master_key(data), "token")
    claims = verify(result.output.strip(), key, meeting="demo")
    assert (claims.name, claims.role, claims.presence) == ("Олена", Role.PRESENTER, Presence.SERVICE)
    assert Permission.PUBLISH_VIDEO in claims.permissions
    assert Permission.MODERATE not in claims.permissions
    with pytest.raises(TokenError):
        verify(result.output.strip(), key, meeting="other")


def test_two_tokens_are_two_participants_unless_an_identity_is_given(data: Path) -> None:
    key = derive(master_key(data), "token")

    def identity(*more: str) -> str:
        words = ["token", "--meeting", "demo", "--role", "viewer", "--name", "Load", *more]
        return verify(CliRunner().invoke(app, words).output.strip(), key).identity

    assert identity() != identity()
    assert identity("--identity", "service:obs") == identity("--identity", "service:obs") == "service:obs"


def test_the_lifetime_is_kept(data: Path) -> None:
    words = ["token", "--meeting", "demo", "--role", "viewer", "--name", "x", "--lifetime", "3600"]
    token = CliRunner().invoke(app, words).output.strip()
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 3600


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"--role": "king"}, 'no role "king". Allowed: host, moderator'),
        ({"--meeting": "no spaces please"}, "meeting cannot be used"),
        ({"--name": ""}, "name cannot be used"),
    ],
)
def test_a_wrong_wish_is_told(data: Path, change: dict[str, str], said: str) -> None:
    words = {"--meeting": "demo", "--role": "viewer", "--name": "x"} | change
    result = CliRunner().invoke(app, ["token", *(word for pair in words.items() for word in pair)])
    assert result.exit_code == 78
    assert said in result.output


def test_meetings_spread_over_the_nodes_and_stay_there() -> None:
    homes = [node_of(f"meeting-{number}", 4) for number in range(400)]
    assert homes == [node_of(f"meeting-{number}", 4) for number in range(400)]
    assert all(homes.count(node) > 60 for node in range(4))
