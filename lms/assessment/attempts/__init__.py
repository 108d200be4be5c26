"""Tests and attempts at them.

Pure: `spec` (what a test asks, when it is passed), `drawing` (a seeded draw of items, orders that stay), `timing`
(deadlines, accommodations, grace), `saving` (what is kept of answers that come twice, late and out of order), `states`,
`passing` (rules of several parts), `profile` (how somebody stands beside the last time, and what to learn next),
`presenting` (what is shown of an item while it is answered), `interactions` (items and answers in the words of xAPI).

`models` (tables), `publishing` (versions of tests), `taking` (begin, take over, submit), `keeping` (one answer, in
two statements), `finishing` (what the clock ends, scoring), `marking` (essays), `granting` (more time for somebody),
`extending` (for everybody, or a centre), `allowances` (what of both counts for whom), `correcting`
(late answers, void, appeal), `rulings`, `ruling_queries` and `regrading` (wrong items, with history), `telling`
(letters), `queries` (one's own), `records` (all of one's own, to take along), `looking_after`, `watching`,
`inspecting` and `waiting` (for those who look after tests).
"""
