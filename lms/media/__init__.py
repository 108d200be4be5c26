"""Recordings as people know them: whose they are, how far they are, who may watch, how long they are kept.

`actions` takes in what nodes and workers tell and what people decide, `instant` what was kept of live streams;
`retention` knows how long a recording is kept and tells before, `deletion` deletes for certain and keeps the record,
`consents` who knew that they were recorded. Read by `queries`; `rules` is pure.

The media itself lies behind `library.MediaLibrary`. What a recording is made of is known to `recordings`, not here.
"""
