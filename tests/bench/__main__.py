"""Every benchmark, one after the other: `make bench`."""

from __future__ import annotations

from tests.bench import forwarding, joining, latency, pages

for benchmark in (forwarding, latency, joining, pages):
    benchmark.main()
    print()
