"""Reports: what the network did, counted by oblast, community, centre, programme and time, and compared.

`periods` (years, quarters, months of Kyiv's calendar, and what each is compared with; pure), `measures` (what is
counted and how figures are compared; pure), `clock` (days of Kyiv's calendar in SQL), `facts` and `counting` (the
statements), `reach` (who may see what), `queries` (a report, and what can be chosen) and `open_data` (what anybody may
have). It only reads, and stands on everything that can be counted. In prose: `docs/reports.md`.
"""
