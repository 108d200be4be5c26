"""What happens in a meeting, as a pure state machine.

`rules` and `orders` decide: they look at a `state.State` and a wish and give the `facts` that follow, or raise
`problems.RefusedError`. A fact is written to the journal before it is applied; replayed, facts give the same state.
`announcements` says who is told what about a fact. Nothing here knows sockets, media, files or the time.
"""
