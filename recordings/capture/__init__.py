"""Capture: from a media node to raw files, without the node ever waiting.

The node's end (`feed`) writes records into a ring in shared memory (`ring`); the capture process (`writing`, `process`)
takes them out and appends them to files. Either may be killed: what is in the ring stays. `docs/decisions/0017-…`.
"""
