"""Every benchmark, one after the other: `make bench`."""

from __future__ import annotations

from tests.bench import capturing, forwarding, joining, latency, live, pages, recording

for benchmark in (forwarding, latency, joining, capturing, recording, live, pages):
    benchmark.main()
    print()
