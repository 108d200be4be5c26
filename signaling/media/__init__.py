"""The media of a meeting: which peers, publications and subscriptions a participant has, and what is negotiated when.

It turns what participants ask for into calls of the SFU (`ports` names what it needs of it). Nothing here runs
per packet.
"""
