"""Anonymous figures of tests: how groups did, what a repeat brought, and answers about oneself given for them alone.

`rules` (small groups, buckets, comparison of pairs; pure), `models` and `consent` (answers about oneself, given and
taken back), `queries` (what may be shown of a test, or of all).
"""
