"""Frames of competences, as data: areas, competences, levels, their versions, and how one maps to another.

`models` (tables), `reading` (a file in the documented shape, checked: pure), `loading` (what is shipped in `data/`, or
what an operator supplies, into the tables: as often as one likes), `queries`, `rules` (scales of levels: pure).

A frame's publisher changes names and numbers between versions, so everything refers to a version: `digcomp22:1.1` is
competence 1.1 of DigComp 2.2. The shape of a file: `docs/assessment.md`.
"""
