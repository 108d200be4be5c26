"""The domain and the one database: organisations, people, the schedule, meetings held.

It knows no packets, sockets or HTML. Plain functions take a `Session` and never commit.
"""
