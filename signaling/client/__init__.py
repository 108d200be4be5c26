"""The headless participant: joins a meeting as a browser does, sends prepared media, can record what it gets.

aiortc runs the DTLS handshake and reads SDP. The rest is ours and small, so that sending costs next to nothing:
clips are encoded once (`prepare`, `card`), packetised once (`clip`), and then only sent (`sender`, `player`).
A camera and a microphone are opened by `capture`, encoded as they deliver by `live_encode` and sent by `live`.
`transport` is one ICE and DTLS-SRTP connection to the node, `session` the WebSocket, `participant` puts them together
and comes back by itself, `cli` and `demo` start it.
"""
