"""Occurrences: what is planned, by whom, for whom, and who may join in which role.

The modules, by what they are about (the domain's rules in prose: `docs/schedule.md`):

- **The occurrence**: `models`, `rules` (time; who may edit, see and join), `drafts` and `rows` (from what was filled
  in to the tables), `actions` (create, edit, publish, start, end, cancel), `changes`; read by `queries`,
  `cards`, `casts`, `calendar` and, for the start page, `waiting`.
- **Planning**: `plan_models`; `series`, `series_drafts`, `recurrence`, `rule_words`, `rescheduling`, `releases`;
  `programmes`, `planners`; `topics`, `acts`, `materials`, `pictures`; what is suggested and warned about: `slots`,
  `warnings`, `concerns`, `experts`; read by `plan_queries`.
- **Audience**: `audience_models`; `invitations`, `proposals`; `telling` decides what each address is owed and
  `announcing` queues it; `reminding` and `reminders`; `following` and `suggestions`; `ics` and `feeds`; links for
  people without an account: `guests`, `personal_links`, `guest_browsers`; read by `audience`.
- **Registration**: `policies`, `questions`; `seats` decides who gets one and `book` writes it, under the occurrence's
  lock; `registering`; read by `registrations` (for others), `registration_views` and `registration_lists`.
- **Group work**: `group_models`; `group_rules` (names of rooms, who goes where, how people are spread),
  `group_actions` (make, draw, copy, open, close); read by `group_queries`.
- **Protection** of the people of an occurrence: `protection_models`; `protection` (the stricter of what is asked for),
  `protecting` (asks for it, chooses a pseudonym). **Projects** that pay for it: `tags` (sets them), `project_of` (their
  SQL). What either is set on: `levels`.

Pure functions over plain data are `rules`, `recurrence`, `rule_words`, `series_drafts`, `warnings`, `telling`,
`reminding`, `seats`, `questions`, `changes`, `group_rules` and `ics`. What happened at the meeting is `lms.meetings`;
what stands in a letter, `web.mail`.
"""
