"""Signing in by an electronic identity: who somebody is, a service outside has checked (id.gov.ua, OpenID Connect).

- `provider`: what we ask of such a service, as a `Protocol`, and what it tells. The real ones stand in `web.eid`.
- `rules`: marks: what the database holds in place of a number or a name at the service.
- `attempts`: one way there and back: begun, taken once, and what was found until its owner says what to do with it.
- `linking`: who it is, whom an identity is linked to, linking and unlinking; `queries` reads.

An identity is an `Account` like a password: what ends one, ends the other. Nobody's account is made or merged here.
"""
