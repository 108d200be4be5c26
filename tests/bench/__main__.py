"""Every benchmark, one after the other: `make bench`."""

from __future__ import annotations

from tests.bench import forwarding, joining, latency, live, live_outputs, pages, recording

for benchmark in (forwarding, latency, joining, recording, live, live_outputs, pages):
    benchmark.main()
    print()
