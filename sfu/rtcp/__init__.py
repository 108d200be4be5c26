"""RTCP on the wire (RFC 3550 §6, RFC 4585, RFC 5104, RFC 3611 and transport-wide feedback): read and written as bytes.

Readers are given one packet of a compound at a time and answer with plain values, or None when it is malformed.
Malformed or unknown packets are skipped by their length, so that one bad packet never costs the rest (checklist C27).
"""
