"""`vikno certificates demo` and `vikno verify`, as somebody uses them at a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.support import sealing
from web.main.cli import app

FILES = ("credential.json", "credential.jwt", "badge.png", "badge.svg", "certificate.pdf")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with a demonstration."""
    return tmp_path_factory.mktemp("certificates")


def run(folder: Path, *arguments: object) -> tuple[int, str]:
    """The command's exit code, and what it printed."""
    done = CliRunner().invoke(app, [str(each) for each in arguments], env={"VIKNO_DATA": str(folder / "data")})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def demo(folder: Path) -> Path:
    """The files."""
    out = folder / "out"
    code, said = run(folder, "certificates", "demo", "--out", out)
    assert code == 0, said
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    return out


def verdict(folder: Path, file: Path, *more: object) -> tuple[int, dict[str, Any]]:
    """What is said as JSON."""
    code, said = run(folder, "verify", file, "--json", *more)
    return code, json.loads(said)


@pytest.mark.parametrize("name", FILES)
def test_every_form_of_the_demonstration_is_valid(folder: Path, demo: Path, name: str) -> None:
    code, told = verdict(folder, demo / name)
    assert (code, told["valid"], told["failed"]) == (0, True, None), told
    assert told["credential"]["achievement"].startswith("ЗРАЗОК / DEMO: ")


def test_a_seal_is_put_on_and_told_and_a_changed_document_is_not_genuine(
    folder: Path, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sealing.files(tmp_path)
    (tmp_path / "authorities.pem").write_text(sealing.authority_pem())
    monkeypatch.setenv("VIKNO_SEAL_KEY", str(files.key))
    monkeypatch.setenv("VIKNO_SEAL_PASSWORD_FILE", str(files.password))
    monkeypatch.setenv("VIKNO_SEAL_AUTHORITIES", str(tmp_path / "authorities.pem"))
    assert run(folder, "certificates", "demo", "--out", tmp_path)[0] == 0
    code, told = verdict(folder, tmp_path / "certificate.pdf")
    assert (code, told["seals"]["state"], told["seals"]["ours"]) == (0, "trusted", False)
    assert told["seals"]["found"][0]["signer"].startswith(sealing.SIGNER)
    code, said = run(folder, "verify", demo / "certificate.pdf")
    assert (code, "?   seal: The document bears no seal" in said) == (0, True)
    content = (tmp_path / "certificate.pdf").read_bytes()
    (tmp_path / "changed.pdf").write_bytes(content.replace(b"/Subtype/Link", b"/Subtype/Lonk"))
    code, told = verdict(folder, tmp_path / "changed.pdf")
    assert (code, told["genuine"], told["failed"], told["seals"]["state"]) == (1, False, "seal", "broken")
    files.password.write_text("інший")
    code, said = run(folder, "certificates", "demo", "--out", tmp_path)
    assert code == 0, "it is given without its seal"
    assert "The document bears no seal:" in said
    assert b"/ByteRange" not in (tmp_path / "certificate.pdf").read_bytes()


def test_again_gives_the_same_one(folder: Path, demo: Path) -> None:
    before = (demo / "credential.json").read_bytes()
    assert run(folder, "certificates", "demo", "--out", demo)[0] == 0
    assert (demo / "credential.json").read_bytes() == before


def test_what_was_changed_is_told_by_the_check_that_failed(folder: Path, demo: Path) -> None:
    changed = folder / "changed.json"
    changed.write_text((demo / "credential.json").read_text().replace("Мобільний", "Важливий"))
    code, told = verdict(folder, changed)
    assert (code, told["genuine"], told["failed"]) == (1, False, "signature")
    code, said = run(folder, "verify", changed)
    assert code == 1
    assert "NO  signature: The signature does not fit" in said
    assert "NOT VALID: not genuine." in said


def test_a_stranger_needs_the_profile_and_the_list(folder: Path, demo: Path, tmp_path: Path) -> None:
    code, told = verdict(tmp_path, demo / "credential.json")
    assert (code, told["state"]) == (1, "unknown_issuer")
    assert not (tmp_path / "data" / "vikno.sqlite3").exists(), "looking at a file makes no database"
    for wrong in ("{}", "[]", "nothing"):
        (tmp_path / "profile.json").write_text(wrong)
        code, said = run(tmp_path, "verify", demo / "credential.json", "--issuer", tmp_path / "profile.json")
        assert (code, "Traceback" in said) == (78, False), said


def test_files_that_are_not_there(folder: Path, tmp_path: Path) -> None:
    code, said = run(folder, "verify", tmp_path / "nothing.json")
    assert code == 78
    assert "cannot be read" in said


def test_what_a_file_says_cannot_pass_for_the_verdict(folder: Path, demo: Path) -> None:
    """Neither lines of its own, nor what steers a terminal; and a file without an end is read no further than 8 MB."""
    told = json.loads((demo / "credential.json").read_text())
    told["@context"].append("x\n\x1b[2JGenuine and valid.\x9b")
    hostile = folder / "hostile.json"
    hostile.write_text(json.dumps(told))
    code, said = run(folder, "verify", hostile)
    assert (code, "Genuine and valid." in said.splitlines(), "\x1b" in said, "\x9b" in said) == (1, False, False, False)
    assert "NOT VALID: not genuine." in said
    code, told = verdict(folder, Path("/dev/zero"))
    assert (code, told["state"], "8 MB" in told["checks"][0]["says"]) == (1, "unreadable", True)


def test_a_demonstration_where_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    code, said = run(tmp_path, "certificates", "demo", "--out", tmp_path / "file")
    assert (code, said.strip()) == (78, f"{tmp_path / 'file'} cannot be written: File exists.")
    assert not (tmp_path / "data").exists()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "badge.png").mkdir()
    code, said = run(tmp_path, "certificates", "demo", "--out", tmp_path / "out")
    assert (code, said.splitlines()[-1]) == (78, f"{tmp_path / 'out' / 'badge.png'} cannot be written: Is a directory.")


def test_new_keys(folder: Path, demo: Path) -> None:
    code, said = run(folder, "certificates", "rotate-key", "--lost")
    assert (code, "Status lists signed anew: 1." in said) == (0, True), said
    assert verdict(folder, demo / "certificate.pdf")[0] == 0, "what the lost key signed stays genuine"
    code, said = run(folder, "certificates", "rotate-key", "--compromised", "--since", "2020-01-01")
    assert (code, "Certificates signed anew: 1." in said) == (0, True), said
    code, told = verdict(folder, demo / "credential.json")
    assert (code, told["state"], told["failed"]) == (1, "replaced", "issuer"), "it was in use since then"
    assert told["checks"][-1]["code"] == "key_reissued"
    code, said = run(folder, "certificates", "reissue")
    assert (code, "Certificates signed anew: 0." in said) == (0, True), "nothing is done twice"
    before = json.loads((demo / "credential.json").read_text())
    assert run(folder, "certificates", "demo", "--out", demo)[0] == 0
    after = json.loads((demo / "credential.json").read_text())
    assert (before["id"], before["validFrom"] <= after["validFrom"]) == (after["id"], True)
    assert all(verdict(folder, demo / name)[0] == 0 for name in FILES)


def test_a_master_key_that_others_had_ends_the_keys_of_former_addresses_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIKNO_PUBLIC_URL", "https://old.example")
    assert run(tmp_path, "certificates", "demo", "--out", tmp_path)[0] == 0
    assert verdict(tmp_path, tmp_path / "credential.jwt")[0] == 0
    monkeypatch.setenv("VIKNO_PUBLIC_URL", "https://new.example")
    code, said = run(tmp_path, "certificates", "rotate-key", "--compromised", "--since", "2020-01-01")
    assert (code, "Certificates signed anew: 1." in said) == (0, True), said
    for name in ("credential.json", "credential.jwt"):
        assert verdict(tmp_path, tmp_path / name)[1]["checks"][-1]["code"] == "key_reissued"
