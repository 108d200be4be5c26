"""What a test is made of: items, how answers are scored, and how well items do.

`content` (what an item asks: typed), `scoring` with `numbers`, `words` and `ordering` (what an answer is worth: exact),
`statistics` (figures by documented formulas), `tags` and `drafts` (what somebody typed), all pure; `models`, `rules`
(who may), `actions` (write, review by a second person, release, withdraw) and `queries` of the bank.

The rules in prose: `docs/assessment.md`.
"""
