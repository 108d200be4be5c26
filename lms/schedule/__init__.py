"""Occurrences: what is planned, by whom, for whom, and who may join in which role."""
