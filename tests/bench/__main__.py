"""Every benchmark, one after the other: `make bench`."""

from __future__ import annotations

from tests.bench import (
    capturing,
    credentials,
    forwarding,
    importing,
    joining,
    latency,
    live,
    live_outputs,
    pages,
    recording,
    saving,
)

for benchmark in (
    forwarding,
    latency,
    joining,
    capturing,
    recording,
    live,
    live_outputs,
    pages,
    saving,
    importing,
    credentials,
):
    benchmark.main()
    print()
