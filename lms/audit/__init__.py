"""The log of every change, chained by hashes.

`actions.record` is the one way in; `rules` is the chain itself, pure; `models`; `queries` reads and checks; `anchors`
keeps a day's length and hash outside the database.
"""
