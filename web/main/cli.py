"""The `vikno` command line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from signaling.client.cli import participant
from web.main import credential_commands
from web.main.child import EXIT_UNUSABLE, begin_to_load, follow_supervisor
from web.main.settings import Settings
from web.main.settings_load import SettingsError, load, unknown_variables

app = typer.Typer(
    name="vikno",
    help="Vikno: video-conferencing and training network of Administrative Service Centres. "
    "Settings come from VIKNO_* variables and the file named by VIKNO_CONFIG; docs/settings.md lists them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Sockets = Annotated[str, typer.Option(hidden=True, help="Inherited listening sockets, set by the supervisor.")]


def main() -> None:
    """Runs the command line. Known errors are printed as one sentence, without a traceback."""
    begin_to_load()
    follow_supervisor()
    app()


def settings_or_exit(**given: Any) -> Settings:
    """The settings; on a mistake prints what is wrong and ends with `EXIT_UNUSABLE`."""
    try:
        settings = load(**given)
    except SettingsError as error:
        raise refuse(str(error)) from None
    for sentence in unknown_variables(os.environ):
        typer.echo(f"Note: {sentence}", err=True)
    return settings


def refuse(sentence: str) -> typer.Exit:
    """Prints why it cannot go on; raise what it returns."""
    typer.echo(sentence, err=True)
    return typer.Exit(EXIT_UNUSABLE)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"vikno {version('vikno')}")
        raise typer.Exit


@app.callback()
def _common(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of every command."""


@app.command()
def serve(
    demo: Annotated[bool | None, typer.Option("--demo", help="Demo data and a live demo meeting.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="TLS certificate chain (PEM).")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Private key of the certificate (PEM).")] = None,
    self_signed: Annotated[
        bool, typer.Option("--self-signed", help="Make and use a certificate for a trial in a local network.")
    ] = False,
) -> None:
    """Start everything behind one HTTP port and keep it running. Ctrl+C stops it."""
    from web.main import serving

    settings = settings_or_exit(demo=demo, tls_cert=tls_cert, tls_key=tls_key)
    sys.exit(serving.run(settings, self_signed=self_signed))


@app.command()
def web(sockets: Sockets = "") -> None:
    """Run the web process alone: pages, API, sign-in. `serve` starts it for you."""
    from web.main import processes

    processes.run_web(settings_or_exit(), _numbers(sockets))


@app.command()
def media(
    node: Annotated[int, typer.Option(min=0, max=63, help="Number of the media node.")] = 0, sockets: Sockets = ""
) -> None:
    """Run one media node alone: signaling, WHIP, WHEP and the forwarding of media. `serve` starts it for you."""
    from web.main import processes

    processes.run_media(settings_or_exit(), node, _numbers(sockets))


@app.command()
def capture(node: Annotated[int, typer.Option(min=0, max=63, help="Number of the media node.")] = 0) -> None:
    """Run the capture process of one media node alone: it writes what is recorded. `serve` starts it for you."""
    from web.main import capturing

    capturing.run_capture(settings_or_exit(), node)


@app.command()
def streamer(node: Annotated[int, typer.Option(min=0, max=63, help="Number of the media node.")] = 0) -> None:
    """Run the streamer of one media node alone: it keeps a composer for each live stream. `serve` starts it for you."""
    from web.main import streamer

    streamer.run_streamer(settings_or_exit(), node)


@app.command("live", hidden=True)
def live_composer(
    node: Annotated[int, typer.Option(min=0, max=63, help="Number of the media node.")] = 0,
    stream: Annotated[str, typer.Option(help="The stream; read from standard input when empty.")] = "",
) -> None:
    """Compose one live stream. The streamer starts it for you."""
    from web.main import streamer

    streamer.run_live(settings_or_exit(), node, stream)


@app.command()
def composer() -> None:
    """Run the process that makes recordings. `serve` starts it for you; several share the work."""
    from web.main import composer

    composer.run_composer(settings_or_exit())


@app.command()
def worker() -> None:
    """Run the worker alone: mail, reminders, offers of seats, attendance, housekeeping. `serve` starts it for you."""
    from web.main import processes

    processes.run_worker(settings_or_exit())


@app.command()
def token(
    meeting: Annotated[str, typer.Option(help="Id of the meeting, for example demo.")],
    role: Annotated[str, typer.Option(help="host, moderator, presenter, participant, interpreter, captioner, viewer.")],
    name: Annotated[str, typer.Option(help="Name that the others see.")],
    identity: Annotated[str, typer.Option(help="Who bears it; made up when empty. One identity is in once.")] = "",
    lifetime: Annotated[int, typer.Option(min=10, max=604_800, help="Seconds until it must have been used.")] = 600,
) -> None:
    """Print a token that lets its bearer into a meeting (browser tests, WHIP encoders, headless participants)."""
    from web.main import tokens

    try:
        typer.echo(tokens.for_service(settings_or_exit(), meeting, role, name, identity, lifetime))
    except ValueError as error:
        raise refuse(str(error)) from None


@app.command()
def admin() -> None:
    """Print a one-time link with which the first administrator makes an account."""
    from web.main import preparing

    typer.echo(preparing.administrator_link(settings_or_exit(), even_if_there_is_one=True))


@app.command()
def doctor(
    stun: Annotated[str, typer.Option(help="A STUN server, HOST or HOST:PORT, asked how it sees our media port.")] = "",
) -> None:
    """Check this machine and the settings; each finding comes with its remedy. Exit code 1 if anything is broken."""
    from web.main.doctor import report

    raise typer.Exit(report(settings_or_exit(), stun))


app.command("participant")(participant)
app.command("verify")(credential_commands.verify)
app.add_typer(credential_commands.certificates, name="certificates")


record = typer.Typer(help="Record a running meeting.", no_args_is_help=True)
app.add_typer(record, name="record")
Meeting = Annotated[str, typer.Argument(help="Id of the meeting, for example demo.")]


@record.command()
def start(meeting: Meeting) -> None:
    """Begin to record, or go on after a pause. Everybody in the meeting is told."""
    _record(meeting, "on")


@record.command()
def pause(meeting: Meeting) -> None:
    """Keep nothing until `start`. Everybody in the meeting is told."""
    _record(meeting, "paused")


@record.command()
def stop(meeting: Meeting) -> None:
    """End the recording; it is processed then."""
    _record(meeting, "off")


def _record(meeting: str, status: Literal["on", "paused", "off"]) -> None:
    from signaling.control_client import ControlError
    from web.main import capturing

    try:
        capturing.order(settings_or_exit(), meeting, status)
    except ControlError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


stream = typer.Typer(help="Stream a running meeting to its public page and elsewhere.", no_args_is_help=True)
app.add_typer(stream, name="stream")
To = Annotated[
    list[str] | None,
    typer.Option(
        "--to", metavar="URL", help="RTMP or RTMPS address with the key, beside the planned ones; repeatable."
    ),
]


@stream.command("start")
def stream_start(meeting: Meeting, to: To = None) -> None:
    """Begin to stream. Everybody in the meeting is told."""
    from web.main import live

    _stream(lambda settings: live.start(settings, meeting, to or []))


@stream.command("stop")
def stream_stop(meeting: Meeting) -> None:
    """End the stream."""
    from web.main import live

    _stream(lambda settings: live.stop(settings, meeting))


@stream.command("status")
def stream_status(
    meeting: Meeting, as_json: Annotated[bool, typer.Option("--json", help="As JSON, with every target.")] = False
) -> None:
    """How the stream fares, and each of its targets."""
    from web.main import live

    def show(settings: Settings) -> None:
        found = live.status(settings, meeting)
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else live.described(found))

    _stream(show)


def _stream(act: Callable[[Settings], None]) -> None:
    from signaling.control_client import ControlError

    try:
        act(settings_or_exit())
    except ValueError as error:
        raise refuse(str(error)) from None
    except ControlError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


recordings = typer.Typer(help="Recordings: what there is, and making one anew.", no_args_is_help=True)
app.add_typer(recordings, name="recordings")


@recordings.command("list")
def list_recordings(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with every file and its path.")] = False,
) -> None:
    """What was recorded, latest first, and how far it is."""
    from web.main import recording

    found = recording.listing(settings_or_exit())
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for each in found:
        typer.echo(f"{each['id']}  {each['state']:<10}  {each['began']}  {each['meeting']}")


@recordings.command("rebuild")
def rebuild(code: Annotated[str, typer.Argument(metavar="ID", help="Of the recording; `list` shows it.")]) -> None:
    """Make a recording anew from what was captured. What is published stays until the new version is ready."""
    from lms.errors import Refusal
    from web.main import recording

    try:
        recording.rebuild(settings_or_exit(), code)
    except (Refusal, FileNotFoundError) as refused:
        detail = refused.detail if isinstance(refused, Refusal) else "There is no such recording."
        typer.echo(detail, err=True)
        raise typer.Exit(1) from None


items = typer.Typer(help="The bank of items: from files and into files.", no_args_is_help=True)
app.add_typer(items, name="items")

ItemFormat = Annotated[
    Literal["gift", "moodle-xml", "qti", "csv"] | None,
    typer.Option("--format", help="gift, moodle-xml, qti or csv; seen from the file's name when left out."),
]


@items.command("import")
def import_items(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="GIFT, Moodle XML, QTI item or package, CSV, XLSX.")],
    form: ItemFormat = None,
    language: Annotated[Literal["uk", "en"], typer.Option(help="Of items that do not say theirs.")] = "uk",
) -> None:
    """Take the items of a file as drafts. Prints a report as JSON: what was taken, changed and refused, and why.

    Exit code 1 when nothing could be taken.
    """
    from lms.assessment.exchange.parts import Format
    from web.main import items as work

    try:
        said, code = work.take(settings_or_exit(), file, Format(form) if form else None, language)
    except OSError as error:
        raise refuse(f"{file} cannot be read: {error.strerror}.") from None
    typer.echo(said)
    raise typer.Exit(code)


@items.command("export")
def export_items(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="NAME.gift, .xml (Moodle), .zip (QTI), .csv.")],
    form: ItemFormat = None,
    competence: Annotated[str, typer.Option(help="Only these: digcomp22:1 or digcomp22:1.1.")] = "",
    language: Annotated[str, typer.Option(help="Only uk or en.")] = "",
    usable: Annotated[bool, typer.Option("--usable", help="Only what tests may draw.")] = False,
) -> None:
    """Write the items of the bank to a file. Prints a report as JSON: what the format could not carry, and why."""
    from lms.assessment.exchange.parts import Format, Unreadable
    from lms.assessment.queries import Filter
    from web.main import items as work

    scheme, _, number = competence.partition(":")
    which = Filter(scheme=scheme, number=number, language=language)
    try:
        said, code = work.export(settings_or_exit(), file, Format(form) if form else None, which, usable_only=usable)
    except OSError as error:
        raise refuse(f"{file} cannot be written: {error.strerror}.") from None
    except Unreadable as error:
        raise refuse(error.detail) from None
    typer.echo(said)
    raise typer.Exit(code)


frameworks = typer.Typer(help="Frames of competences.", no_args_is_help=True)
app.add_typer(frameworks, name="frameworks")


@frameworks.command("load")
def load_framework(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON; its shape is in docs/assessment.md.")],
) -> None:
    """Load a frame of competences, or the names that its shipped file lacks."""
    from lms.errors import Refusal
    from web.main import items as work

    try:
        typer.echo(work.load_framework(settings_or_exit(), file))
    except OSError as error:
        raise refuse(f"{file} cannot be read: {error.strerror}.") from None
    except Refusal as refused:
        typer.echo(refused.detail, err=True)
        raise typer.Exit(1) from None


@frameworks.callback()
def _frameworks() -> None:
    """Frames of competences."""


audit = typer.Typer(help="The log of changes: check that it is whole.", no_args_is_help=True)
app.add_typer(audit, name="audit")


@audit.command()
def verify() -> None:
    """Check the whole log of changes against itself and its daily anchors. Exit code 1 if it does not hold."""
    from web.main import audit_log

    said, code = audit_log.verify(settings_or_exit())
    typer.echo(said, err=code != 0)
    raise typer.Exit(code)


@audit.callback()
def _audit() -> None:
    """The log of changes: check that it is whole."""


@app.command("settings")
def show_settings(
    markdown: Annotated[bool, typer.Option("--markdown", help="The page docs/settings.md.")] = False,
) -> None:
    """Print every setting with its present value."""
    from web.main import settings_page

    typer.echo(settings_page.markdown() if markdown else settings_page.values(settings_or_exit()), nl=False)


@app.command(hidden=True)
def prepare() -> None:
    """Bring the database up to date, fill in demo data, print the first administrator's link."""
    from web.main import preparing

    preparing.run(settings_or_exit())


@app.command(hidden=True)
def demo() -> None:
    """Run the demo meeting's three headless participants."""
    from web.main import processes

    processes.run_demo(settings_or_exit())


def _numbers(sockets: str) -> list[int]:
    return [int(number) for number in sockets.split(",") if number]
