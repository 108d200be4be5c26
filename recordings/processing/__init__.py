"""From a raw recording to what people watch, offline and in phases that go on where they were stopped.

`pipeline` runs the phases: `check` (what is there, and the senders' clocks: `ordering`, `clock`), `tracks` (each
participant's files without transcoding: `frames`, `webm`), then the composition: `plan` says what is seen when
(`layouts` where), `scenes` encodes that piece by piece, `voices` mixes the sound, `assemble` joins them; `extras` makes
what the page needs beside it (`moments`: chapters, questions and captions; `webvtt`), `publish` puts it in place.
`docs/recordings.md` tells it in prose.
"""
