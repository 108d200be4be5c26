"""Pages, JSON API, sign-in and the browser client. `web.main` alone wires the parts together."""
