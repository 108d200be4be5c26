"""The live stream: one meeting composed as it runs, for people who watch and are not in it.

`wire` is what the media node hands over and what it hears back, `formats` what the engine hands to the outputs. The
engine knows no output, an output knows no meeting.

`process` runs an `engine`: `inputs` takes packets out of the ring, `clock` says when they were captured, `decoding`
makes pictures and sound of them, `stage` and `views` know who is there and what may be seen, `picture` paints it,
`mixing` joins the voices, `encoding` encodes both.

`outputs` puts the outputs together: `hls` (`cutting` into segments, `playlist`, `webvtt`, `tidying`), `targets`
(each a `sending` of what `supply` holds, `talking` to a child, which is `rtmp`), `instant` (and `joining`), `status`.
Each has a `lane` or thread of its own; `muxing` makes of packets what files hold.
"""
