"""`vikno participant`: a participant without a screen, for the demo, for tests and for load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from signaling.client.clip import Clip
    from signaling.client.live import LiveSource
    from signaling.client.participant import Participant, Wishes


def participant(
    server: Annotated[
        str, typer.Option(envvar="VIKNO_SERVER", help="Address of the server.")
    ] = "http://localhost:8000",
    token: Annotated[
        list[str] | None, typer.Option(envvar="VIKNO_TOKEN", help="Token; give as many as participants are wanted.")
    ] = None,
    tokens: Annotated[Path | None, typer.Option(help="File with one token a line, for load.")] = None,
    publish: Annotated[
        str,
        typer.Option(
            metavar="test|none|camera[:DEVICE]|FILE",
            help="What to publish: a test picture, nothing, a camera (the first, or e.g. camera:/dev/video2, "
            "camera:lavfi:testsrc), or a media file.",
        ),
    ] = "test",
    microphone: Annotated[
        str,
        typer.Option(
            metavar="default|none|DEVICE", help="With a camera: which microphone, e.g. plughw:1 or lavfi:sine."
        ),
    ] = "default",
    record: Annotated[Path | None, typer.Option(help="Matroska file for what is received.")] = None,
    name: Annotated[str, typer.Option(help="Which test picture: kyiv, lviv or sumy.")] = "kyiv",
    codec: Annotated[str, typer.Option(help="Codec of the test picture or the camera: VP8 or H264.")] = "VP8",
    receive: Annotated[bool, typer.Option(help="Receive media even without --record.")] = False,
    count: Annotated[int, typer.Option(min=1, help="How many participants; needs as many tokens.")] = 1,
    duration: Annotated[float, typer.Option(min=0, help="Leave after so many seconds; 0: stay.")] = 0.0,
    stay: Annotated[bool, typer.Option(help="Come back for ever when the line is lost.")] = False,
    cache: Annotated[Path, typer.Option(envvar="VIKNO_CACHE", help="Folder for prepared media.")] = Path(
        ".vikno-media"
    ),
) -> None:
    """Join a meeting without a screen: publish a file, a camera or a test picture, record what comes."""
    given = [*(token or []), *_lines(tokens)]
    if len(given) < count:
        _fail(f"{count} participants need {count} tokens; {len(given)} given. Make them with `vikno token`.")
    if is_camera(publish):
        clip: Clip | LiveSource | None = _live(publish, microphone, codec, count)
    else:
        clip = _clip(publish, name, codec, cache)
    wishes = [
        _wishes(server, given[n], clip, _numbered(record, n, count), receive=receive, stay=stay) for n in range(count)
    ]
    try:
        _run(run_all(wishes, duration))
    except Exception as error:
        from signaling.client.capture import CaptureError
        from signaling.client.session import RefusedError, SessionLostError

        if not isinstance(error, RefusedError | SessionLostError | CaptureError):
            raise
        _fail(str(error))


def _run(work: Coroutine[Any, Any, object]) -> None:
    """As `asyncio.run`, which waits for ever for tasks that do not end when they are cancelled: these get a moment."""
    import asyncio

    from signaling.client.participant import CLOSING_S

    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(work)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=CLOSING_S))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.set_exception_handler(lambda _loop, _context: None)  # of a task that is left behind nobody wants to hear
        loop.close()


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(1)


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return [line.strip() for line in path.read_text().splitlines() if line.strip()]
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}.", param_hint="--tokens") from error


def _numbered(path: Path | None, number: int, count: int) -> Path | None:
    return path if path is None or count == 1 else path.with_stem(f"{path.stem}-{number + 1}")


def is_camera(publish: str) -> bool:
    """Whether `--publish` names a camera. A file of that name is `./camera`."""
    return publish == "camera" or publish.startswith("camera:")


def _live(publish: str, microphone: str, codec: str, count: int) -> LiveSource:
    from signaling.client.capture import CaptureError, find_camera, find_microphones
    from signaling.client.live import LiveSource

    if codec not in ("VP8", "H264"):
        raise typer.BadParameter("VP8 or H264.", param_hint="--codec")
    if count > 1:
        _fail(
            f"A camera can be published by one participant, not by {count}. Start them with --publish test or a file."
        )
    try:
        camera = find_camera(publish.partition(":")[2])
        return LiveSource.open(
            camera,
            find_microphones(microphone),
            codec,  # type: ignore[arg-type]
            lambda text: typer.echo(text, err=True),
            sound_needed=microphone not in ("", "default"),
        )
    except CaptureError as error:
        _fail(str(error))


def _clip(publish: str, name: str, codec: str, cache: Path) -> Clip | None:
    if publish == "none":
        return None
    from signaling.client.card import CARDS, make_card
    from signaling.client.clip import ClipError, load_clip
    from signaling.client.prepare import prepare

    try:
        if publish != "test":
            return prepare(Path(publish), cache)
        if codec not in ("VP8", "H264"):
            raise typer.BadParameter("VP8 or H264.", param_hint="--codec")
        if name not in CARDS:
            raise typer.BadParameter(f"one of {', '.join(CARDS)}.", param_hint="--name")
        return load_clip(make_card(name, cache, codec))  # type: ignore[arg-type]
    except ClipError as error:
        raise typer.BadParameter(str(error), param_hint="--publish") from error
    except OSError as error:
        raise typer.BadParameter(f"{cache} cannot be written: {error.strerror}.", param_hint="--cache") from error


def _wishes(
    server: str, token: str, clip: Clip | LiveSource | None, record: Path | None, *, receive: bool, stay: bool
) -> Wishes:
    from signaling.client.participant import Wishes

    return Wishes(server, given_token(token), clip, record, receive=receive, stay=stay)


def given_token(token: str) -> Callable[[], Awaitable[str]]:
    """A source of the one token there is."""

    async def source() -> str:
        return token

    return source


async def run_all(wishes: list[Wishes], duration_s: float = 0.0) -> list[Participant]:
    """Run participants until all have left: after `duration_s` (0: never), or on SIGINT and SIGTERM, politely.

    When all have failed, raises what ended the first of them.
    """
    import asyncio
    import contextlib
    import signal

    from signaling.client.participant import Participant

    people = [Participant(wish) for wish in wishes]
    loop = asyncio.get_running_loop()

    def leave() -> None:
        for person in people:
            person.leave()

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(number, leave)
    if duration_s:
        loop.call_later(duration_s, leave)
    results = await asyncio.gather(*(person.run() for person in people), return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    if failures and len(failures) == len(people):
        raise failures[0]
    return people
