"""A meeting that has a bit of everything, recorded and processed once for many tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from recordings.processing.options import AgendaItem, Caption, Options
from recordings.processing.pipeline import Outcome, process
from recordings.raw import timeline
from tests.recordings.making import BLUE, GREEN, RED, YELLOW, ZERO, Meeting, Person, Sender, microphone
from tests.recordings.measuring import Film, watch

SMALL = Options(width=640, height=360, preset="ultrafast")


@dataclass
class Processed:
    """A recording and what was made of it."""

    meeting: Meeting
    out: Path
    outcome: Outcome
    options: Options

    @property
    def folder(self) -> Path:
        assert self.outcome.folder is not None
        return self.outcome.folder

    def film(self, name: str = "video.mp4") -> Film:
        return watch(self.folder / name)


def made(meeting: Meeting, out: Path, options: Options = SMALL) -> Processed:
    """Record and process."""
    meeting.write()
    outcome = process(meeting.folder, out, options, lambda phase, progress: None, lambda: False)
    return Processed(meeting, out, outcome, options)


@pytest.fixture(scope="session")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Processed:
    """Olena's clock is fast, Taras's slow; he comes later, with H.264 and a poor microphone, shows his screen. Iryna
    interprets.
    """
    folder = tmp_path_factory.mktemp("usual")
    meeting = Meeting(
        folder / "raw",
        [Person("a", "Олена Ковальчук"), Person("b", "Тарас Ґудзь", joins=1.3), Person("i", "Ірина", "interpreter")],
        [
            Sender("a", ends=12, drift_ppm=300, anchor_noise_s=0.004),
            microphone("a", ends=12, drift_ppm=300, anchor_noise_s=0.004, dtx=True),
            Sender("b", codec="H264", colour=BLUE, begins=1.3, ends=12, drift_ppm=-300),
            microphone("b", begins=1.3, ends=12, drift_ppm=-300, tone=1_600, loudness=0.12),
            Sender("i", colour=GREEN, ends=12, sizes=((0, (320, 180)), (4, (160, 120)))),
            Sender("b", source="screen", colour=YELLOW, begins=6, ends=10, rate=5, key_every_s=100),
        ],
        lasts=12,
        lines=[
            timeline.Speaker(at=ZERO + 0.2, participant="a"),
            timeline.Speaker(at=ZERO + 3, participant="b"),
            timeline.Speaker(at=ZERO + 5, participant="a"),
            timeline.Speaker(at=ZERO + 5.3, participant="b"),
            timeline.Said(at=ZERO + 2, message="m1", participant="a", name="Олена Ковальчук", text="Вітаю!"),
            timeline.Said(at=ZERO + 2.5, message="m2", participant="a", name="Олена Ковальчук", text="помилка"),
            timeline.ChatErased(at=ZERO + 3, message="m2"),
            timeline.Hand(at=ZERO + 4, participant="b", raised=True),
        ],
    )
    options = SMALL.model_copy(
        update={
            "agenda": (AgendaItem(at=ZERO + 1, title="Вступ"), AgendaItem(at=ZERO + 11.5, title="Підсумки")),
            "captions": (Caption(since=ZERO + 1, until=ZERO + 2, text="Добрий <день>"),),
        }
    )
    return made(meeting, folder / "out", options)


__all__ = ["RED", "SMALL", "Processed", "made"]
