"""Courses: lessons that somebody works through, and how far they are.

`models` (tables), `rules` (what comes before what, when a lesson and a course are done: pure), `manifest` (the shape of
a course in files: pure), `packing` (a folder or a zip in and out), `editing` (versions and lessons), `enrolling` (who
learns, until when; rules that enrol by centre or role), `learning` (what a learner does), `reviewing` (tasks and
opinions), `testing` and `live` (lessons that are tests and occurrences); `queries` (pages; who may see is part
of each), `cards` (lists), `learners` (who learns, what waits for a review), `choices` (what a trainer chooses from),
`statements` (a learner's record in xAPI).

A published version never changes: an edit begins the next one. Progress is kept by a lesson's key, which stays the same
from version to version. It stands on the schedule and on recordings, which know nothing of it. In prose:
`docs/courses.md`.
"""
