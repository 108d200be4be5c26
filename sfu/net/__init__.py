"""Datagram sockets in batches: slots made once, one system call for many packets, and a portable way beside it."""
