"""Organisations and people: who they are, what they have, what they may do, and how they sign in.

- **Who asks**: `rules.Visitor`, which every query and action takes; `accounts`, `sign_in`, `passwords`, `endpoints`;
  `housekeeping`.
- **Organisations**: `organisations` writes, `organisation_queries` reads; `oblasts`. **People**: `people`,
  `people_queries`.
- What other parts ask: `queries`; `addresses` (how somebody is reached by mail).
- **Entered twice**: `matching` (what resembles), `duplicates` (finding), `merging`. **From files**: `imports`.
- Visitors in statements that are kept: `outlines`, registered here for all who ask.
- **Projects** that pay for what is held, taught or given: `project_models`, `projects`.
- Tables: `models`, `register_models` (equipment, workload, addresses, imports), `access_models` (sign-in, endpoints).
"""

from lms.directory import outlines as outlines
