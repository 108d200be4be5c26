"""Recordings as people know them: whose they are, how far they are, who may watch, how long they are kept.

The media itself lies behind `library.MediaLibrary`. What a recording is made of is known to `recordings`, not here.
"""
