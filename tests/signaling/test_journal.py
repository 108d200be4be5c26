"""The journal: what was written is there after a kill, a torn line or a full disk."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.journal import Journal, Syncer, decode, encode, records
from signaling.meeting import facts
from signaling.meeting.plan import Plan
from signaling.problems import RefusedError
from tests.signaling.support import until


def opened() -> facts.Opened:
    return facts.Opened(at=1.0, meeting="demo", opening="o1", plan=Plan(title="Консультація"))


def spoke(number: int) -> facts.Spoke:
    return facts.Spoke(at=float(number), participant=f"p{number}", since=0.0)


def test_what_was_written_is_restored(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, opened())
    journal.append([spoke(1), spoke(2)])
    journal.close()
    again, told = Journal.restore(journal.path)
    assert told == [opened(), spoke(1), spoke(2)]
    again.append([spoke(3)])
    assert [record.number for record in again.read(0)] == [1, 2, 3, 4]
    assert os.stat(journal.path).st_mode & 0o777 == 0o600
    again.close()


def test_every_cut_gives_a_prefix(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, opened())
    journal.append([spoke(1), spoke(2)])
    journal.close()
    whole = journal.path.read_bytes()
    expected = [opened(), spoke(1), spoke(2)]
    for length in range(0, len(whole), 3):
        journal.path.write_bytes(whole[:length])
        again, told = Journal.restore(journal.path)
        assert told == expected[: whole[:length].count(b"\n")]
        again.append([spoke(9)])
        again.close()
        assert [record.fact for record in records(journal.path.read_bytes())] == [*told, spoke(9)]


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_byte_never_gives_a_wrong_fact(position: int, value: int) -> None:
    lines = [encode(1, opened()), encode(2, spoke(1)), encode(3, spoke(2))]
    whole = bytearray(b"".join(lines))
    position %= len(whole)
    whole[position] = value
    found = [record.fact for record in records(bytes(whole))]
    assert found == [opened(), spoke(1), spoke(2)][: len(found)]


@given(st.binary(max_size=300))
def test_noise_holds_no_fact(line: bytes) -> None:
    assert decode(line) is None
    assert list(records(line)) == []


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    program = """
        import sys
        from pathlib import Path
        from signaling.journal import Journal
        from signaling.meeting import facts
        from signaling.meeting.plan import Plan
        journal = Journal.create(Path(sys.argv[1]), facts.Opened(at=1.0, meeting="demo", opening="o1", plan=Plan()))
        number = 0
        while True:
            number += 1
            journal.append([facts.Spoke(at=number, participant="p", since=0)])
            print(number, flush=True)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 200:
                break
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split("\n")
    acknowledged = max([200, *(int(number) for number in rest[:-1])])
    (path,) = tmp_path.glob("*.journal")
    journal, told = Journal.restore(path)
    journal.close()
    assert len(told) - 1 >= acknowledged


def full_disk(journal: Journal, room: int) -> tuple[int, int]:
    """Let files grow by `room` bytes only, as a full disk would (the kernel writes what fits, then fails)."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.size + room, before[1]))
    return before


@pytest.mark.parametrize("room", [0, 1, 20, 60])
def test_full_disk_refuses_and_leaves_the_journal_whole(tmp_path: Path, room: int) -> None:
    journal = Journal.create(tmp_path, opened())
    before = full_disk(journal, room)
    try:
        with pytest.raises(RefusedError, match="storage_full"):
            journal.append([spoke(1)])
        journal.append_later([spoke(2)])
        with pytest.raises(RefusedError, match="storage_full"):
            journal.append([spoke(3)])
        assert [record.fact for record in records(journal.path.read_bytes())] == [opened()]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    journal.append([spoke(4)])
    assert [record.fact for record in journal.read(0)] == [opened(), spoke(2), spoke(4)]
    numbers = [record.number for record in journal.read(0)]
    assert numbers == sorted(set(numbers))
    journal.close()


def test_no_journal_on_a_full_disk(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / ".", opened())
    before = full_disk(journal, -journal.size)
    try:
        with pytest.raises(RefusedError, match="storage_full"):
            Journal.create(tmp_path, opened().model_copy(update={"opening": "o2"}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in tmp_path.iterdir()] == ["demo.o1.journal"]
    journal.close()


def test_shortened_journal_keeps_numbers_growing(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, opened())
    journal.append([spoke(number) for number in range(50)])
    journal.shorten([opened(), spoke(49)])
    journal.append([spoke(50)])
    journal.close()
    again, told = Journal.restore(journal.path)
    assert told == [opened(), spoke(49), spoke(50)]
    again.append([spoke(51)])
    assert [record.number for record in again.read(0)] == [-51, -51, 52, 53]
    again.close()


async def test_the_thread_syncs_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr("signaling.journal.os.fsync", synced.append)
    syncer = Syncer(period_s=0.01)
    syncer.start()
    journal = Journal.create(tmp_path, opened())
    syncer.add(journal)
    await until(lambda: len(synced) == 1)
    journal.append([spoke(1)])
    await until(lambda: len(synced) == 2)
    syncer.stop()
    assert len(synced) == 2, "nothing new, nothing synced"
    journal.close()
