"""The composition root: command line, settings, supervisor, wiring. Nothing imports it."""
