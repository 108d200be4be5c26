"""Consultation hours: an expert or trainer offers times, somebody books one for a talk of the two.

`models`; `rules` (which times there are and which are free: pure), `drafts` (what was typed, checked), `hours` (an
expert opens and closes times), `booking` (book, move, cancel; hold, answer), `talks` (the meeting behind a booking),
`following_up` (a refusal from a calendar); read by `queries` (who can be asked, free times, own bookings, the expert's
desk).

A booking is an occurrence of the schedule with two speakers, and private: so its room, letters, calendar entries and
reminders are the schedule's own, and nobody but the two learns of it. In prose: `docs/appointments.md`.
"""
