"""Settings: where they come from, and what is said about a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from web.main import settings_page
from web.main.settings import Settings
from web.main.settings_load import SettingsError, load, unknown_variables


def _complaint(**given: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load(**given)
    return str(caught.value)


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "vikno.toml"
    file.write_text('http_port = 8100\nmedia_port = 8200\nmedia_nodes = 3\nmedia_addresses = ["203.0.113.7"]\n')
    monkeypatch.setenv("VIKNO_CONFIG", str(file))
    monkeypatch.setenv("VIKNO_MEDIA_PORT", "8300")
    monkeypatch.setenv("VIKNO_MEDIA_NODES", "4")
    settings = load(media_nodes=5, demo=None)
    assert (settings.http_port, settings.media_port, settings.media_nodes) == (8100, 8300, 5)
    assert settings.media_addresses == ["203.0.113.7"]


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIKNO_MEDIA_ADDRESSES", "203.0.113.7, 2001:db8::7")
    assert load().media_addresses == ["203.0.113.7", "2001:db8::7"]


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("VIKNO_HTTP_PORT", "eighty", "a whole number from 1 to 65535"),
        ("VIKNO_HTTP_PORT", "70000", "a whole number from 1 to 65535"),
        ("VIKNO_MEDIA_NODES", "0", "a whole number from 1 to 64"),
        ("VIKNO_MEDIA_ADDRESSES", "vikno.example.ua", "IP addresses, separated by commas"),
        ("VIKNO_HTTP_HOST", "somewhere", "an IP address or localhost"),
        ("VIKNO_PUBLIC_URL", "vikno.example.ua", "http:// or https://"),
        ("VIKNO_PUBLIC_URL", "https://example.ua/vikno", "without a path"),
        ("VIKNO_TLS_CERT", "/nowhere/cert.pem", "a readable PEM file"),
        ("VIKNO_LOG_FORMAT", "xml", "auto, json or console"),
        ("VIKNO_DEMO", "perhaps", "true or false"),
        ("VIKNO_TRUSTED_PROXIES", "proxy", "IP addresses or networks"),
    ],
)
def test_a_wrong_value_is_told_with_its_name_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(name, value)
    complaint = _complaint()
    assert complaint.startswith(f'{name} is "{value}" in the environment')
    assert allowed in complaint
    assert "\n" not in complaint


def test_every_mistake_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIKNO_HTTP_PORT", "x")
    monkeypatch.setenv("VIKNO_MEDIA_PORT", "y")
    assert len(_complaint().splitlines()) == 2


def test_a_password_in_the_database_address_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIKNO_DATABASE_URL", "mysql://vikno:geheim@localhost/vikno")
    assert "geheim" not in _complaint()


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    cert = tmp_path / "cert.pem"
    cert.touch()
    assert "VIKNO_TLS_KEY is missing" in _complaint(tls_cert=cert)


def test_ports_of_several_nodes_must_fit() -> None:
    assert "VIKNO_MEDIA_PORT + VIKNO_MEDIA_NODES" in _complaint(media_port=65535, media_nodes=2)
    assert "VIKNO_HTTP_PORT is among" in _complaint(http_port=8702, media_nodes=2)


def test_a_misspelt_name_in_the_file_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "vikno.toml"
    file.write_text("htp_port = 8100\n")
    monkeypatch.setenv("VIKNO_CONFIG", str(file))
    assert "htp_port" in _complaint()
    assert "Did you mean http_port?" in _complaint()


@pytest.mark.parametrize(("contents", "said"), [(None, "cannot be read"), ("http_port = ", "not valid TOML")])
def test_an_unreadable_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contents: str | None, said: str
) -> None:
    file = tmp_path / "vikno.toml"
    if contents is not None:
        file.write_text(contents)
    monkeypatch.setenv("VIKNO_CONFIG", str(file))
    assert said in _complaint()
    assert str(file) in _complaint()


def test_a_misspelt_variable_is_pointed_out() -> None:
    assert unknown_variables({"VIKNO_HTP_PORT": "1", "VIKNO_HTTP_PORT": "1", "VIKNO_CONFIG": "x", "HOME": "/"}) == [
        "VIKNO_HTP_PORT is not a setting and has no effect. Did you mean VIKNO_HTTP_PORT?"
    ]


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "http://localhost:8000"),
        ({"http_port": 80}, "http://localhost"),
        ({"http_host": "::1"}, "http://[::1]:8000"),
        ({"public_url": "https://vikno.example.ua/"}, "https://vikno.example.ua"),
    ],
)
def test_the_public_address(given: dict[str, object], url: str) -> None:
    assert load(**given).site_url == url


def test_the_page_of_settings_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "settings.md"
    assert page.read_text(encoding="utf-8") == settings_page.markdown(), (
        "run: vikno settings --markdown > docs/settings.md"
    )


def test_the_values_in_force_hide_secrets() -> None:
    shown = settings_page.values(Settings(database_url="postgresql+psycopg://vikno:geheim@localhost/vikno"))
    assert "geheim" not in shown
    assert "VIKNO_HTTP_PORT=8000\n" in shown
