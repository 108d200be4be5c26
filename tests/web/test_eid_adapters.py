"""The adapters against services that err and lie, and the file that names them."""

from __future__ import annotations

import dataclasses
import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from lms.directory.eid import attempts
from lms.directory.eid.provider import EidError, Identity, Returned
from tests.lms.facts import NOW
from tests.support.eid_servers import Lies, LyingProvider, StateService, serving
from web.eid import asking, services
from web.eid.id_gov_ua import IdGovUa, IdGovUaSettings
from web.eid.oidc import LEEWAY, OidcProvider, OidcSettings
from web.main.settings import Settings
from web.main.settings_load import SettingsError, load

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
HOME = "https://vikno.test/sign-in/with/x/back"
Complete = Callable[..., Identity]


@pytest.fixture
def liar() -> Iterator[LyingProvider]:
    """A provider of ours; it says what it should until it is told otherwise."""
    service = LyingProvider()
    with serving(service):
        yield service


@pytest.fixture
def complete(liar: LyingProvider) -> Complete:
    """The whole exchange, after the provider was told how to lie."""

    def run(lies: Lies | None = None, *, issuer: str = "") -> Identity:
        liar.lies = lies or Lies()
        provider = OidcProvider(
            OidcSettings("x", {}, liar.address, liar.CLIENT, claims={"tax_number": "drfo"}), context=PLAIN
        )
        journey = attempts.new_journey(HOME)
        liar.nonce, liar.moment = journey.nonce, NOW.timestamp()
        return provider.complete(Returned("code", issuer), journey, NOW)

    return run


def test_what_is_told_is_taken_over(complete: Complete) -> None:
    told = {"given_name": " Анна ", "email": "a@example.org", "email_verified": "true", "drfo": "2718281828"}
    found = complete(Lies(claims={"amr": ["bank_id"], "middle_name": 7}, user_info=told))
    assert found == Identity(
        "anna", method="bank_id", given_name="Анна", email="a@example.org", tax_number="2718281828"
    ), "a verified e-mail is one that the provider says true of, not the word"


LATE, EARLY = (NOW - LEEWAY - timedelta(seconds=1)).timestamp(), (NOW + LEEWAY + timedelta(seconds=1)).timestamp()


@pytest.mark.parametrize(
    ("lies", "code"),
    [
        (Lies(claims={"iss": "https://evil.example"}), "eid_answer"),
        (Lies(claims={"aud": "another-client"}), "eid_answer"),
        (Lies(claims={"aud": ["vikno", "another"]}), "eid_answer"),
        (Lies(claims={"aud": ["vikno", "another"], "azp": "another"}), "eid_answer"),
        (Lies(claims={"nonce": "of another sign-in"}), "eid_answer"),
        (Lies(claims={"nonce": None}), "eid_answer"),
        (Lies(claims={"sub": None}), "eid_answer"),
        (Lies(claims={"sub": ""}), "eid_answer"),
        (Lies(claims={"exp": None}), "eid_answer"),
        (Lies(claims={"exp": "soon"}), "eid_answer"),
        (Lies(claims={"exp": LATE}), "eid_clock"),
        (Lies(claims={"iat": EARLY}), "eid_clock"),
        (Lies(claims={"nbf": EARLY}), "eid_clock"),
        (Lies(key_of_another=True), "eid_answer"),
        (Lies(algorithm="none"), "eid_answer"),
        (Lies(algorithm="HS256"), "eid_answer"),
        (Lies(issuer="https://evil.example"), "eid_answer"),
        (Lies(user_info={"sub": "somebody else"}), "eid_answer"),
        (Lies(token_status=503), "eid_unavailable"),
        (Lies(token_status=401), "eid_refused"),
        (Lies(token_status=302), "eid_refused"),
    ],
    ids=str,
)
def test_a_provider_that_lies_signs_nobody_in(complete: Complete, lies: Lies, code: str) -> None:
    with pytest.raises(EidError) as refused:
        complete(lies)
    assert refused.value.code == code


def test_clocks_may_differ_a_little(complete: Complete) -> None:
    edge = (LEEWAY - timedelta(seconds=1)).total_seconds()
    complete(Lies(claims={"exp": NOW.timestamp() - edge}))
    complete(Lies(claims={"iat": NOW.timestamp() + edge, "exp": NOW.timestamp() + 300}))


def test_the_way_back_names_the_same_issuer_if_it_names_one(complete: Complete, liar: LyingProvider) -> None:
    complete(issuer=liar.address)
    with pytest.raises(EidError):
        complete(issuer="https://evil.example")


def test_an_answer_without_end_is_not_read_to_its_end(complete: Complete, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LARGEST", 100)
    with pytest.raises(EidError) as refused:
        complete()
    assert refused.value.code == "eid_answer"


def test_the_state_service_is_asked_as_it_wants() -> None:
    service = StateService()
    with serving(service):
        settings = IdGovUaSettings(
            "state", {}, StateService.CLIENT, StateService.SECRET, service.address, ("dig_sign", "diia_id")
        )
        provider, journey = IdGovUa(settings, context=PLAIN), attempts.new_journey(HOME)
        asked = parse_qs(urlsplit(provider.begin(journey, NOW)).query)
        assert asked == {
            "response_type": ["code"], "client_id": [StateService.CLIENT], "auth_type": ["dig_sign,diia_id"],
            "state": [journey.state], "redirect_uri": [HOME],
        }  # fmt: skip
        service.who = {
            "issuercn": "КНЕДП", "issuer": "CN=КНЕДП", "serial": "58E2", "lastname": "КЛЮЧ", "givenname": "АННА",
            "middlename": "ІВАНІВНА", "o": "ЦНАП  м. Львів", "title": "адміністратор", "email": "a@example.org",
            "edrpoucode": "00000001", "drfocode": "2718281828", "unzr": "19850412-01234", "auth_type": "diia_id",
        }  # fmt: skip
        service._codes["one"] = "dig_sign"
        found = provider.complete(Returned("one"), journey, NOW)
        assert found == Identity("drfo 2718281828", "diia_id", "АННА", "КЛЮЧ", "ІВАНІВНА", tax_number="2718281828")
        (asked_for,) = [set(each["fields"].split(",")) for path, each in service.asked if path == "/get-user-info"]
        assert not asked_for & {"o", "ou", "title", "email", "edrpoucode", "subject"}, "nobody needs that here"
        for who, code in (("one", "eid_code"), ("two", "eid_code")):
            with pytest.raises(EidError) as refused:
                provider.complete(Returned(who), journey, NOW)
            assert refused.value.code == code
        service.who, service._codes["three"] = {"givenname": "АННА"}, "dig_sign"
        with pytest.raises(EidError) as refused:
            provider.complete(Returned("three"), journey, NOW)
        assert refused.value.code == "eid_answer", "somebody without a number and a certificate is nobody"
        wrong = IdGovUa(dataclasses.replace(settings, client_secret="another"), context=PLAIN)
        with pytest.raises(EidError) as refused:
            wrong.complete(Returned("four"), journey, NOW)
        assert refused.value.code == "eid_refused"


FILE = """
[state]
kind = "id.gov.ua"
client_id = "c"
client_secret = "hush-hush"
methods = ["dig_sign", "diia_id"]

[staff]
kind = "oidc"
issuer = "https://sso.example.gov.ua/realms/staff"
client_id = "vikno"
client_secret = "hush-hush"
name_uk = "Міністерство"
name_en = "Ministry"
claims = { tax_number = "drfo" }
match_verified_email = true
"""


def written(folder: Path, text: str, mode: int = 0o640) -> Path:
    """The file of services."""
    path = folder / "eid.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_the_file_names_services_in_its_order(tmp_path: Path) -> None:
    found = services.providers(written(tmp_path, FILE), context=PLAIN)
    assert list(found) == ["state", "staff"]
    assert found["state"].names["uk"] == "id.gov.ua (Дія.Підпис, BankID, е-підпис)"
    assert (found["staff"].names["uk"], found["staff"].match_email) == ("Міністерство", True)
    assert not found["state"].match_email
    assert "hush-hush" not in repr([vars(one) for one in found.values()])
    assert services.providers(None) == {}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("[staff]", "[Staff]"), "small Latin letters"),
        (('kind = "oidc"', 'kind = "saml"'), "staff"),
        (("https://sso", "http://sso"), "https://"),
        (('client_id = "c"\n', ""), "state.client_id"),
        (("diia_id", "telepathy"), "state.methods.1"),
        (("claims = {", "claims = { shoe_size = 'x',"), "claims.shoe_size"),
        (("[state]", "[state"), "not valid TOML"),
    ],
)
def test_a_mistake_in_the_file_is_told_without_its_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], told: str
) -> None:
    path = written(tmp_path, FILE.replace(*change, 1))
    monkeypatch.setenv("VIKNO_EID_PROVIDERS", str(path))
    with pytest.raises(SettingsError) as refused:
        load()
    assert told in str(refused.value)
    assert "VIKNO_EID_PROVIDERS" in str(refused.value)
    assert "hush" not in str(refused.value)


def test_a_file_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="everybody may read"):
        Settings(eid_providers=written(tmp_path, FILE, 0o644))
    with pytest.raises(ValidationError, match="cannot be read"):
        Settings(eid_providers=tmp_path / "nothing.toml")


def test_no_service_is_named_unless_somebody_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIKNO_EID_PROVIDERS", raising=False)
    assert load().eid_providers is None


def test_what_an_identity_is_printed_as_is_no_matter_of_secrets() -> None:
    values: dict[str, Any] = {"client_secret": "hush-hush"}
    assert "hush" not in repr(OidcSettings("x", {}, "https://x", "c", **values))
