"""The log of every change, chained by hashes."""
