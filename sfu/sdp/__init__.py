"""Session descriptions (RFC 8866, JSEP RFC 9429): read within bounds, answered, and offered."""
