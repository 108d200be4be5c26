"""Every benchmark, one after the other: `make bench`."""

from __future__ import annotations

from tests.bench import forwarding, joining, latency, pages, recording

for benchmark in (forwarding, latency, joining, recording, pages):
    benchmark.main()
    print()
