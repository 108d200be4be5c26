"""Evidence: figures that a programme has to show, each with the rule by which it is counted.

`models`, `drafts` (what somebody typed, checked), `actions` (set, change, take back a goal; enter a figure that was
measured elsewhere) and `queries` (how far each goal has come). Counted are distinct persons, never registrations,
attempts or views; what was entered by hand carries its source, and is kept apart from what was counted.

It stands on everything that can be counted, which knows nothing of it. The rules in prose: `docs/schedule.md`.
"""
