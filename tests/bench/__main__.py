"""Every benchmark, one after the other: `make bench`."""

from __future__ import annotations

from tests.bench import forwarding, joining, latency, live, pages, recording

for benchmark in (forwarding, latency, joining, recording, live, pages):
    benchmark.main()
    print()
