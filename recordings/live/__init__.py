"""The live stream: one meeting composed as it runs, for people who watch and are not in it.

`wire` is what the media node hands over and what it hears back, `formats` what the engine hands to the outputs. The
engine (decoding, composing, mixing, encoding) knows no output, an output knows no meeting.
"""
