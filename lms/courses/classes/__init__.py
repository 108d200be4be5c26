"""Classes: somebody teaches people in a library or a training centre, on computers that they share.

`models` (tables), `access` (who may hold a class, where), `names` (a list of people as somebody wrote it: pure),
`rosters` (classes and who is in them), `sittings` (a code for an hour, who sat there), `seats` (a browser in which
somebody sits by code and name), `queries` (pages; who may see is part of each).

Whoever sits by a code is that person in the class's course and nowhere else: `web/seats.py` holds the way to all other
pages shut, and no role of theirs counts.
"""
