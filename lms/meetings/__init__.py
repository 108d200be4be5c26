"""Meetings held and who was connected when: a projection of the events of the media nodes."""
