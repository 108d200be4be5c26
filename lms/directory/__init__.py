"""Organisations, people and how they sign in, roles, endpoints and their pairing."""
