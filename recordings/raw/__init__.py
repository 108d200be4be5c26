"""The raw recording: what capture writes while a meeting runs, and everything later is made from.

A folder holds `timeline.jsonl` (what happened, a JSON object a line, `timeline`) and one file for each track with its
packets (`rtpdump`). Both are append-only: a torn end is all that a crash can cost. `docs/recording-format.md`.
"""
