"""Road maps: what a centre does after a training, step by step, and how far it has come.

`models`, `rules` (figures, what is overdue, what has changed: pure), `drafts` (what somebody typed), `actions` (make,
edit, change a step's state), `following_up` (letters about the day on which one looks back, by the worker), `queries`
(pages; who may see is part of each) and `reports` (what changed since a day, for each centre and over all).

It stands on the schedule, which knows nothing of it. The rules in prose: `docs/schedule.md`.
"""
