"""Services that check who somebody is: adapters of `lms.directory.eid.provider.Provider`.

- `oidc`: any provider of OpenID Connect. `id_gov_ua`: the state's own protocol (digital signature, Diia, BankID).
- `asking`: how either is asked: bounded in time and size, with one kind of failure.
- `configured`: which of them an installation has, from a file of its own; `services` makes them.
"""
