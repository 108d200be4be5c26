"""The phases one after the other: check → tracks → compose → extras → publish.

Each keeps what it made under `work/` and notes in `state.json` what it was made from; a run that was stopped, killed or
failed goes on where it was, and a run with nothing new to do does nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from recordings.processing import check, children, extras, publish, sharing, worker
from recordings.processing import story as stories
from recordings.processing.assemble import assemble
from recordings.processing.check import Report
from recordings.processing.errors import (
    DiskFullError,
    ProcessingError,
    RawMissingError,
    StoppedError,
    writing,
)
from recordings.processing.extras import CaptionTrack, Playback
from recordings.processing.options import Options
from recordings.processing.plan import Planner, Scene, Schedule, schedule
from recordings.processing.publish import Manifest
from recordings.processing.scenes import Film, Stage
from recordings.processing.state import Failure, Journal, alone, replace
from recordings.processing.story import Person, Seen, Span, Story
from recordings.processing.tracks import PersonJob, PersonResult, Reel, TrackJob
from recordings.processing.voices import Mixing
from recordings.processing.webvtt import captions
from recordings.raw import rtpdump

FORMAT: Final = 3
"""Raise it when what a phase makes changes: then everything is made anew."""
VIDEO: Final = "video.mp4"


def video_in(language: str) -> str:
    """The name of the composition with the sound of an interpretation."""
    return f"video.{language}.mp4"


SECOND_BYTES: Final = 250_000
"""What a second of composition takes at most while it is made: its scene, the whole, the sound."""
Progress = Callable[[str, float], None]
Stop = Callable[[], bool]


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    kind: Literal["published", "empty", "stopped"]
    folder: Path | None = None
    """The version that was published."""
    duration: float = 0.0
    problems: tuple[str, ...] = field(default=())


def process(raw: Path, out: Path, options: Options, progress: Progress, stop: Stop) -> Outcome:
    """Make everything from the recording in `raw`, into `out`. Told to stop, it ends in a moment and keeps its work.

    A meeting of no length, or in which nobody sent anything, has the outcome `empty`. Raises ProcessingError, each kind
    with cause and next step, which `state.json` has too.
    """
    return _run(raw, out, options, progress, stop, whole=True)


def remux(raw: Path, out: Path, options: Options, progress: Progress, stop: Stop) -> Outcome:
    """Only what needs no encoding: the check, and each participant's tracks. Raises ProcessingError."""
    return _run(raw, out, options, progress, stop, whole=False)


def _run(raw: Path, out: Path, options: Options, progress: Progress, stop: Stop, *, whole: bool) -> Outcome:
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    with alone(out):
        journal = Journal(out, progress)
        try:
            with writing(out):
                outcome = _Run(raw, out, options, journal, stop).go(whole=whole)
        except StoppedError:
            outcome = Outcome("stopped")
        except ProcessingError as error:
            _noted(error, journal)
            raise
        except Exception as error:  # whatever it is, it must not end the process that makes recordings
            unforeseen = ProcessingError(
                f"Something unforeseen went wrong: {type(error).__name__}: {error}.",
                "Rebuild; if it happens again, report it with the program's log.",
            )
            raise _noted(unforeseen, journal) from error
        journal.state.outcome = outcome.kind
        _try_to_save(journal)
        return outcome


def _noted(error: ProcessingError, journal: Journal) -> ProcessingError:
    """The error, which `state.json` has too from now on."""
    journal.state.failure = Failure(code=error.code, cause=error.cause, next_step=error.next_step)
    _try_to_save(journal)
    return error


def _try_to_save(journal: Journal) -> None:
    """On a full disk the state cannot be written either; the caller is told all the same."""
    with suppress(OSError):
        journal.save()


class _Run:
    def __init__(self, raw: Path, out: Path, options: Options, journal: Journal, stop: Stop) -> None:
        self.raw, self.out, self.options, self.journal, self.stop = raw, out, options, journal, stop
        self.work = out / "work"
        self.wanted = ""
        """What is published in the end."""
        self.story = self._story()
        self.files = stories.track_files(raw)
        self.raw_fingerprint = self._fingerprint()

    def go(self, *, whole: bool) -> Outcome:
        if self.journal.state.raw != self.raw_fingerprint:
            shutil.rmtree(self.work, ignore_errors=True)
            self.journal.state.raw, self.journal.state.done = self.raw_fingerprint, {}
        self.work.mkdir(exist_ok=True)
        self._room()
        report = self._check()
        if report.empty:
            shutil.rmtree(self.work, ignore_errors=True)
            return Outcome("empty", None, report.duration, tuple(report.problems))
        people = self._tracks(report)
        wanted = self.wanted = f"whole:{self.options.fingerprint}" if whole else "tracks"
        held = publish.current(self.out)
        done = self.journal.state.done.get("publish")
        if held is not None and (done == wanted or (not whole and done)):
            return Outcome("published", held, report.duration, tuple(_problems(report, people)))
        plan = schedule(self.story, report.duration, self.options.rate)
        reels = [(self._folder(number), reel) for number, person in enumerate(people) for reel in person.reels]
        facts = extras.playback(self.story, [reel for _, reel in reels], plan, self.options)
        if not whole or held is None:  # the tracks need no encoding: they are there long before the composition
            outcome = self._publish(report, people, plan, facts, self._ready(), "tracks")
            if not whole:
                return outcome
        ready = self._ready()
        self._compose(reels, report, plan, facts, ready)
        return self._publish(report, people, plan, facts, ready, wanted)

    def _ready(self) -> Path:
        """An empty folder that becomes the next version."""
        ready = self.work / "ready"
        shutil.rmtree(ready, ignore_errors=True)
        ready.mkdir()
        return ready

    # --- what there is ---

    def _story(self) -> Story:
        story = stories.tell(self.raw)
        known = {track.track for track in story.tracks}
        for number, path in sorted(stories.track_files(self.raw).items()):
            if number not in known:
                track = check.nameless(number, path, story.zero)
                if track is not None:
                    story.tracks.append(track)
                    name = f"{self.options.words.somebody} {number}"
                    story.people[track.participant] = Person(track.participant, [Seen(0.0, name, "", "participant")])
        if story.zero == 0.0:
            story.zero = min((_started(path) for path in stories.track_files(self.raw).values()), default=0.0)
        return story

    def _fingerprint(self) -> str:
        said: list[object] = [FORMAT]
        try:
            paths = sorted(self.raw.iterdir())
            said += [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
        except OSError as error:
            raise RawMissingError(
                f"The recording in {self.raw} cannot be read: {error.strerror or error}.",
                "Check that the folder is there and may be read; then rebuild.",
            ) from error
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]

    def _room(self) -> None:
        """Better to say at once that there is no room than after an hour."""
        size = sum(path.stat().st_size for path in self.files.values())
        kept = sum(path.stat().st_size for path in self.work.rglob("*") if path.is_file())
        films = 1 + len(self.story.channels)
        needed = max(0, 2 * size + int(SECOND_BYTES * self.story.until) * films - kept)
        free = shutil.disk_usage(self.out).free
        if free < needed:
            raise DiskFullError(
                f"The disk with {self.out} has {free // 1_000_000} MB left; this recording needs about "
                f"{needed // 1_000_000} MB.",
                "Make room, or move the recordings; then rebuild.",
            )

    def _size(self, track: int) -> int:
        path = self.files.get(track)
        return path.stat().st_size if path else 0

    # --- check ---

    def _check(self) -> Report:
        path = self.work / "check.json"
        if self.journal.is_done("check", self.raw_fingerprint) and path.exists():
            return Report.model_validate_json(path.read_bytes())
        self.journal.begin("check", "Reading what was recorded")
        jobs = {}
        for track in self.story.tracks:
            job = worker.CheckJob(raw=self.raw, track=track, zero=self.story.zero)
            jobs[f"check-{track.track:04d}"] = (self._size(track.track), job.model_dump_json())
        results = self._distribute("check", jobs)
        found = [check.TrackReport.model_validate_json(text) for text in results.values()]
        report = check.summed_up(self.story, found)
        replace(path, report.model_dump_json(indent=1))
        self.journal.finish("check", self.raw_fingerprint)
        return report

    def _distribute(self, kind: str, jobs: dict[str, tuple[int, str]]) -> dict[str, str]:
        folder = self.work / kind
        folder.mkdir(exist_ok=True)
        message = self.journal.state.message
        return sharing.distribute(
            kind, jobs, folder, self.options.jobs, lambda share: self.journal.say(share, message), self.stop
        )

    # --- tracks ---

    def _folder(self, number: int) -> Path:
        return self.work / "people" / f"{number + 1:02d}"

    def _tracks(self, report: Report) -> list[PersonResult]:
        by_person: dict[str, list[check.TrackReport]] = {}
        for track in report.tracks:
            if track.packets and track.codec in check.SUPPORTED.values():
                by_person.setdefault(track.participant, []).append(track)
        dark = [*self.story.pauses, *(Span(gap.since, gap.until) for gap in self.story.gaps if gap.cause == "disk")]
        jobs = {}
        for number, (participant, tracks) in enumerate(by_person.items()):
            job = PersonJob(
                participant=participant,
                name=self.story.name(participant),
                folder=self._folder(number),
                zero=self.story.zero,
                duration=report.duration,
                tracks=[
                    TrackJob(
                        report=track,
                        path=self.files[track.track],
                        muted=self.story.muted.get(track.track, []),
                        ended=self.story.ended.get(track.track),
                    )
                    for track in tracks
                ],
                dark=dark,
            )
            size = sum(self._size(track.track) for track in tracks)
            jobs[f"person-{number + 1:02d}"] = (size, job.model_dump_json())
        if not self.journal.is_done("tracks", self.raw_fingerprint):
            self.journal.begin("tracks", "Writing each participant's tracks")
        results = self._distribute("tracks", jobs)
        if not self.journal.is_done("tracks", self.raw_fingerprint):
            self.journal.finish("tracks", self.raw_fingerprint)
        return [PersonResult.model_validate_json(text) for text in results.values()]

    # --- compose and extras ---

    def _compose(
        self, reels: list[tuple[Path, Reel]], report: Report, plan: Schedule, facts: Playback, ready: Path
    ) -> None:
        options = self.options
        self.journal.begin("compose", "Composing the picture")
        scenes = Planner(self.story, [reel for _, reel in reels], report.duration, options).scenes()
        held = publish.current(self.out)
        films_wanted = [VIDEO, *map(video_in, self.story.channels)]
        there = held is not None and all((held / name).exists() for name in films_wanted)
        if held is not None and there and self.journal.is_done("compose", options.film_fingerprint):
            publish.place([(held / name, name) for name in films_wanted], ready)  # only what stands beside it is new
            self._extras(scenes, plan, facts, ready)
            return
        folder = self.work / "compose"
        folder.mkdir(exist_ok=True)
        films = {number: Film.of(reel, at) for number, (at, reel) in enumerate(reels) if reel.media == "video"}
        stage = Stage(folder, films, options, self.story.title, self.stop)
        sounds = self._sounds(reels, plan, folder)
        for mixing in sounds.values():
            self._mix(mixing)
        stage.make(scenes, lambda share: self.journal.say(0.1 + 0.85 * share, "Composing the picture"))
        if self.stop():
            raise StoppedError
        pictures = [(scene, stage.path(scene)) for scene in scenes]
        for name, mixing in sounds.items():
            assemble(pictures, mixing.target, options.rate, self.story.title, ready / name)
        self.journal.finish("compose", options.film_fingerprint)
        self._extras(scenes, plan, facts, ready)

    def _sounds(self, reels: list[tuple[Path, Reel]], plan: Schedule, folder: Path) -> dict[str, Mixing]:
        """By the film that they are for: what was heard in the room, and of each language of interpreters what those
        heard who chose it.
        """
        heard = [(at / reel.file, reel) for at, reel in reels if reel.media == "audio"]
        stereo = any(reel.source == "screen_audio" for _, reel in heard)
        voices = [(path, reel.participant) for path, reel in heard if reel.source == "microphone"]

        def spans(into: str | None) -> dict[Path, list[Span]]:
            found = {path: self.story.interprets(who, into) for path, who in voices}
            return {path: when for path, when in found.items() if when}

        room = Mixing([path for path, _ in heard], stereo, plan, self.options, folder, spans(None))
        channels = {video_in(each): dataclasses.replace(room, over=spans(each)) for each in self.story.channels}
        return {VIDEO: room} | channels

    def _mix(self, mixing: Mixing) -> None:
        if mixing.target.exists():
            return
        self.journal.say(0.0, "Mixing the voices")
        children.run(mixing.measure(), self.options.jobs, self.stop, lambda _: None)
        self.journal.say(0.03, "Mixing the voices")
        children.run([mixing.mix()], 1, self.stop, lambda _: self.journal.say(0.07, "Mixing the voices"))
        children.run([mixing.level()], 1, self.stop, lambda _: None)

    def _extras(self, scenes: list[Scene], plan: Schedule, facts: Playback, ready: Path) -> None:
        self.journal.begin("extras", "Making previews")
        video, duration = ready / VIDEO, plan.duration
        jobs = [
            extras.poster(video, ready, scenes, self.options.rate),
            extras.sprites(video, ready, duration),
        ]
        children.run(jobs, self.options.jobs, self.stop, lambda _: None)
        texts = {
            "chapters.vtt": extras.chapters_webvtt(facts.chapters, duration),
            "thumbnails.vtt": extras.thumbnails_webvtt(duration),
        }
        for language, text in captions(facts.transcript).items():
            name = f"captions.{language}.vtt"
            texts[name] = text
            facts.captions.append(CaptionTrack(language=language, file=name))
        facts.video, facts.poster = VIDEO, "poster.jpg"
        facts.thumbnails, facts.chapters_file = "thumbnails.vtt", "chapters.vtt"
        extras.write(facts, texts, ready)
        self.journal.finish("extras", self.options.fingerprint)

    # --- publish ---

    def _publish(
        self,
        report: Report,
        people: list[PersonResult],
        plan: Schedule,
        facts: Playback,
        ready: Path,
        wanted: str,
    ) -> Outcome:
        if wanted == self.wanted:
            self.journal.begin("publish", "Publishing")
        about = {VIDEO: ("", "composition", self.story.title)}
        about |= {video_in(each): ("", "channel", each) for each in self.story.channels}
        for number, person in enumerate(people):
            files = {reel.file: reel.source for reel in person.reels}
            files |= dict.fromkeys(person.files, "person")
            for name, source in files.items():
                place = f"tracks/{number + 1:02d}/{name}"
                about[place] = (person.participant, source, person.name)
                publish.place([(self._folder(number) / name, place)], ready)
        if not facts.video:
            extras.write(facts, {}, ready)
        replace(ready / "check.json", report.model_dump_json(indent=1))
        problems = _problems(report, people)
        manifest = Manifest(
            recording=self.story.recording,
            version=publish.next_version(self.out),
            kind="whole" if facts.video else "tracks",
            duration=plan.duration if facts.video else report.duration,
            files=publish.describe(ready, about, publish.current(self.out)),
            problems=problems,
        )
        folder = publish.publish(ready, manifest, self.out)
        self.journal.state.version = manifest.version
        self.journal.state.done["publish"] = wanted
        if wanted == self.wanted:
            self.journal.finish("publish", wanted)
        if facts.video:
            shutil.rmtree(self.work / "compose", ignore_errors=True)
        return Outcome("published", folder, manifest.duration, tuple(problems))


def _problems(report: Report, people: list[PersonResult]) -> list[str]:
    """What is wrong with a recording, in sentences."""
    said = list(report.problems)
    for track in report.tracks:
        said += [f"Track {track.track} ({track.source}): {problem}" for problem in track.problems]
    for person in people:
        said += [f"{person.name}: {problem}" for problem in person.problems]
    return said


def _started(path: Path) -> float:
    """When a file with packets was begun."""
    number = int(path.stem.split("-")[1])
    return next((record.arrived for record in rtpdump.read(path, number)), 0.0)
