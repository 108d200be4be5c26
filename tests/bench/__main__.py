"""Every benchmark, one after the other: `make bench`."""

from __future__ import annotations

from tests.bench import forwarding, joining, latency

for benchmark in (forwarding, latency, joining):
    benchmark.main()
    print()
