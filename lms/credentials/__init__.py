"""Certificates: what a person earned, as a page, a PDF and a credential that anybody can check without asking us.

Open Badges 3.0 on the W3C data model 2.0. Pure, and usable without a database: `multibase`, `pinned` (the JSON-LD
contexts), `canonical` (RDFC-1.0, within bounds), `integrity` (`eddsa-rdfc-2022`), `jose` (RS256), `documents` (the
closed model that credentials are built from), `bits` (Bitstring Status List), `numbers`, `baking` (PNG, SVG),
`containers` (what was sent in: JSON, JWT, PNG, SVG, PDF), `seal_reports` (seals on PDFs), `confined`
(a process of its own for what strangers send in; `apart` gives work to it), and the verifier: `checking` (the order of
its checks), `form`, `signatures`, `statuses`, `verdicts` (what it answers), `trust` (whom it trusts), `profiles`.
On the database: `models`, `rules` (who has earned it: pure), `keys`, `status_lists`, `awarding`, `by_itself`,
`issuing`, `bulk`, `changing`, `reissuing`, `telling`, `seals` (who seals documents, and what came of it); read by
`queries` (certificates), `award_queries` (rules of award) and `records` (the verifier's). Certificates from elsewhere:
`external_files` (what the verifier finds in one), `external_actions`, `external_queries`. In prose:
`docs/credentials.md`.

It stands on meetings and the schedule, which know nothing of it.
"""
