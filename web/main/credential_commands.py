"""The commands `vikno verify` and `vikno certificates`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from web.main.child import EXIT_UNUSABLE
from web.main.settings import Settings

certificates = typer.Typer(help="Certificates: a demonstration, and the keys that sign.", no_args_is_help=True)


@certificates.command("demo")
def demo_certificate(out: Annotated[Path, typer.Option(help="Folder for the files; made if it is missing.")]) -> None:
    """Write one demo certificate: credential.json, credential.jwt, badge.png, badge.svg, certificate.pdf."""
    from lms.credentials.pinned import ContextsNotBuilt
    from lms.errors import Refusal
    from web.main import credentials

    try:
        for path in credentials.write_demo(_settings(), out, partial(typer.echo, err=True)):
            typer.echo(path)
    except OSError as error:
        raise _refuse(f"{error.filename or out} cannot be written: {error.strerror or error}.") from None
    except (Refusal, ContextsNotBuilt) as error:
        raise _refuse(error.detail if isinstance(error, Refusal) else str(error)) from None


@certificates.command("rotate-key")
def rotate_key(
    lost: Annotated[bool, typer.Option("--lost", help="The old keys cannot be opened any more.")] = False,
    compromised: Annotated[bool, typer.Option("--compromised", help="Others may have had the old keys.")] = False,
    since: Annotated[datetime | None, typer.Option(help="With --compromised: since when (UTC). Default: now.")] = None,
) -> None:
    """Make new keys to sign with. What the old ones signed stays genuine, unless others may have had them.

    With --compromised every valid certificate that the old keys signed is signed anew, and its holder told.
    """
    from lms.credentials.models import KeyEnd
    from lms.credentials.pinned import ContextsNotBuilt
    from web.main import credentials

    because = KeyEnd.COMPROMISED if compromised else KeyEnd.LOST if lost else KeyEnd.ROTATED
    moment = since.replace(tzinfo=UTC) if since is not None else None
    try:
        number = credentials.rotate(_settings(), because, moment)
    except ContextsNotBuilt as error:
        raise _refuse(str(error)) from None
    typer.echo(f"New keys are in use. Status lists signed anew: {number}.")
    if compromised:
        _reissue()


@certificates.command("reissue")
def reissue() -> None:
    """Sign anew what a compromised key signed; goes on where it was interrupted, and does nothing twice."""
    _reissue()


def _reissue() -> None:
    from lms.credentials.pinned import ContextsNotBuilt
    from lms.errors import Refusal
    from web.main import credentials

    done = 0
    try:
        for done in credentials.reissue(_settings()):
            typer.echo(f"Certificates signed anew: {done} so far.", err=True)
    except (Refusal, ContextsNotBuilt) as error:
        raise _refuse(error.detail if isinstance(error, Refusal) else str(error)) from None
    typer.echo(f"Certificates signed anew: {done}.")


def verify(
    file: Annotated[Path, typer.Argument(help="JSON, JWT, PNG, SVG or PDF.")],
    as_json: Annotated[bool, typer.Option("--json", help="Say it as JSON.")] = False,
    issuer: Annotated[list[Path] | None, typer.Option(help="Profile of an issuer to trust (JSON of /issuer).")] = None,
    status: Annotated[list[Path] | None, typer.Option(help="A status list of that issuer: JSON or JWT.")] = None,
) -> None:
    """Check a certificate of ours or of others. Exit code 0 only if it is genuine and valid; nothing is fetched."""
    from lms.credentials.pinned import ContextsNotBuilt
    from web.main import credentials

    try:
        report = credentials.check_file(_settings(), file, issuer or (), status or ())
    except OSError as error:
        raise _refuse(f"{error.filename or file} cannot be read: {error.strerror}.") from None
    except (ContextsNotBuilt, ValueError) as error:
        raise _refuse(str(error)) from None
    typer.echo(credentials.as_json(report) if as_json else credentials.as_text(report))
    raise typer.Exit(0 if report.valid else 1)


def _settings() -> Settings:
    from web.main.cli import settings_or_exit

    return settings_or_exit()


def _refuse(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(EXIT_UNUSABLE)
