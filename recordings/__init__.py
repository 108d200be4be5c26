"""Captured media and its timeline: files, composition, live streams, playback files.

It stands on `sfu` alone and does not know who may watch, or what a course is.
"""
