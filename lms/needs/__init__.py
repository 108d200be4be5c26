"""Surveys of needs: what people of the centres want to learn, asked before a series is planned.

`models`, `rules` (phases, the scales, the gap, who stays hidden: pure), `drafts` and `surveys` (begin, edit, open,
close), `audience` (who is asked), `asking` (letters in batches, by the worker), `answering`, `figures` (from answers to
sums, in SQL), `queries` (pages; who may see is part of each), `plans` (from a need to a series and back).

It stands on the schedule, which knows nothing of it. The rules in prose: `docs/schedule.md`.
"""
