"""A meeting while it runs: who is in it, what they may do, what they say; and the wire protocols that carry it.

`signaling` opens no database and knows no course. `docs/protocol.md` describes the WebSocket protocol in prose.
"""
