"""Items from files and into files, with a report in which nothing is lost silently.

`parts` (what reading gives, limits, options as tags), `rich` (HTML and plain text as Markdown), `xml` (documents that
may be hostile), and the formats: `gift` and `gift_writing`; `moodle` and `moodle_writing` (Moodle XML), with `cloze`
for its embedded answers; `qti`, `qti_text`, `qti_answers` (reading QTI 3.0 and 2.x), `qti_writing` and `qti_pieces`
(QTI 3.0); `table` (CSV), all pure. `report`, and `importing` and `exporting`, which know the bank.
"""
