"""WHIP (RFC 9725) and WHEP: encoders publish into a meeting and players watch it by one HTTP request each."""
