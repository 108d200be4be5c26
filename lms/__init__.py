"""The domain and the one database: organisations, people, the schedule, meetings held, what tests are made of.

It knows no packets, sockets or HTML. Plain functions take a `Session` and never commit. Upper parts import lower
ones: `assessment` (items and how they are scored), `frameworks` (frames of competences), `meetings` (what was held,
attendance), `needs` (what people want to learn), `schedule` (what is planned), `directory` (who is who), `notify`
(mail), `audit` (the log of changes). `demo` and its parts fill in demo data;
`tables` names every table for the migrations.
"""
