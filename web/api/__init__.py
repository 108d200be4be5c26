"""The JSON API; errors are problem documents (RFC 9457)."""
