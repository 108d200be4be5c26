"""Import of organisations, people and workload from files: read, map columns, plan every row, apply.

`reading` makes rows of CSV (also Windows-1251) and XLSX, `columns` says what each may mean, `values` reads single
cells; `organisations`, `people` and `workload` plan what each row does (`plan`), and apply it (people:
`people_writing`); `actions` is what the page calls.
"""
