"""Meetings held, who was connected when, and who attended.

- **From the media nodes**: `actions` takes events in, `projection` turns them into `models`' meetings and
  connections, `rules` counts time; read by `queries`. `questions` gives those of a meeting that everybody may see.
- **Whoever may not stay**: `showing_out` says in which running rooms somebody whose right has ended may be.
- **The roll-call** (who sits behind an endpoint): `access` says who may, `roll_call` writes, `roll_call_queries`
  reads.
- **Attendance**: `attendance_models`; `presence` is the rules alone, pure; `evidence` gathers what they count from,
  `computing` writes a sheet's next generation, `sheets` knows when one is out of date; `rulebook` keeps the
  thresholds' versions; `sheet_actions` corrects and approves; read by `sheet_queries` as `sheet_views`. Other parts
  ask `attendance`. `merging` puts two entries of one person or organisation together and lets their sheets be
  counted anew.
"""
