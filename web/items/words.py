"""Words of the editor: kinds with an example, policies as people say them, and what can be wrong at a field."""

from __future__ import annotations

from lms.assessment.content import ItemKind
from lms.assessment.exchange.parts import Format
from web.i18n import mark as _

KINDS: dict[ItemKind, tuple[str, str]] = {
    ItemKind.SINGLE: (
        _("Several options, one of them is right."),
        _("Which of these is a strong password? 123456 / Kyiv2026 / three unrelated words and a number"),
    ),
    ItemKind.MULTIPLE: (
        _("Several options, any number of them is right."),
        _("Which of these are signs of phishing? hurry / a strange sender / a greeting by name / a link elsewhere"),
    ),
    ItemKind.TRUE_FALSE: (
        _("A statement that is true or false."),
        _("A letter from the bank may ask for your PIN. True / false"),
    ),
    ItemKind.NUMERIC: (
        _("A number, maybe with a unit; how far off it may be, you say."),
        _("How many megabytes are 3 GB? 3072, or 3000 with a tolerance"),
    ),
    ItemKind.SHORT: (
        _("A word or a few, typed; several spellings may count."),
        _("What is the name of the state's portal of services? Diia"),
    ),
    ItemKind.MATCHING: (
        _("Each line gets the answer that belongs to it."),
        _("Which program for what? a table – a spreadsheet; a letter – an editor of texts"),
    ),
    ItemKind.ORDERING: (
        _("Steps are brought into their order."),
        _("In which order is a document signed? choose the file / put in the key / type the password / save"),
    ),
    ItemKind.CLOZE: (
        _("A text with blanks, each to be chosen or typed."),
        _("A copy is made with Ctrl + [[b1]], it is put in with Ctrl + [[b2]]."),
    ),
    ItemKind.ESSAY: (
        _("An answer in one's own words; a person reads it and gives points by your criteria."),
        _("Explain to a visitor how to sign in with an electronic signature for the first time."),
    ),
}
"""One sentence and an example of each kind."""

POLICIES: dict[str, str] = {
    "sc_share": _("The chosen option gives its share; a wrong one gives nothing."),
    "sc_signed": _("The chosen option gives its share; one with a negative share costs points."),
    "mc_sum_clamped": _("Shares are added: a wrong tick takes away. Who ticks everything gets nothing."),
    "mc_all_or_nothing": _("All or nothing: the right ones and no other."),
    "mc_per_decision": _("Each option counts the same: rightly ticked, or rightly left out."),
    "tf_exact": _("Right or wrong."),
    "num_nominal": _("The number may differ by the tolerance: 100 with 5 takes 95 to 105."),
    "num_relative": _("The tolerance is a part of the number: 100 with 0.05 takes 95 to 105."),
    "num_geometric": _("The number may be so many times greater or smaller: 100 with 1 takes 50 to 200."),
    "text_first_match": _("The first answer in the list that fits counts."),
    "match_share": _("Each right pair counts the same."),
    "order_place": _("Each element that stands in its place counts."),
    "order_exact": _("All or nothing: the whole order."),
    "order_next": _("Each element that is followed by the right one counts."),
    "order_next_last": _("Each element that is followed by the right one counts, and the last one at the end."),
    "order_neighbours": _("Each right neighbour counts, on both sides."),
    "order_all": _("For each element: everything that must stand before it and after it."),
    "order_lcs": _("The longest part that is in order, others may stand between."),
    "order_run": _("The longest part that is in order without others between."),
    "order_distance": _("The nearer each element is to its place, the more it counts."),
    "cloze_weighted": _("Each blank counts by its weight."),
    "essay_rubric": _("A reader gives points by the criteria."),
}
"""How an answer counts, as people say it."""

BLANKS = {"choice": _("to choose"), "short": _("to type words"), "numeric": _("to type a number")}
PENALTY_OF = {"response": _("of what the number earned"), "item": _("of the whole point")}

PROBLEMS: dict[str, str] = {
    "blank_name": _("A blank is named by Latin letters, figures, dashes: b1."),
    "blank_once": _("The text must name each blank once. Look for %(value)s."),
    "bounds": _("This number is too small or too great."),
    "choose": _("Choose one of these."),
    "few": _("There are too few lines here."),
    "harmful": _(
        "This can do harm, and would never be shown: %(value)s. Put it in `backticks` if it is meant as text."
    ),
    "item_code": _("A code has 1 to 64 Latin letters, figures, dots, dashes and underscores."),
    "item_code_reserved": _("This code is the address of a page. Choose another one."),
    "item_code_taken": _("There is a question with this code already. Choose another code."),
    "item_family": _("There is no question with this code."),
    "item_language": _("A question is in Ukrainian or in English."),
    "long": _("This is too long."),
    "many": _("There are too many lines here."),
    "mark_unknown": _("The text has a place %(value)s, and there is no such blank below."),
    "missing": _("Fill this in."),
    "no_number": _("This is no number. Write it as 12,5."),
    "no_tick": _("Tick what is right."),
    "no_whole": _("Write a whole number: 0, 1, 2 …"),
    "none_right": _("One line must be fully right: 100 %."),
    "not_whole": _("The right options together must give 100 % at least."),
    "number": _("This is no number. Write it as 12,5."),
    "share_bounds": _("A share is a number from −100 to 100."),
    "share_needed": _("Write what it is worth, or leave all shares empty."),
    "share_of_right": _("It is ticked as right, so it must be worth more; if one option is right, 100."),
    "share_of_wrong": _("It is not ticked as right, so it cannot be worth so much."),
    "tag": _("This cannot be taken: a topic is short and has no square brackets."),
    "tags_many": _("A question has at most 30 tags."),
    "twice": _("The same stands here twice: %(value)s"),
    "two_pairs": _("Two lines at least, with different answers."),
    "worthless": _("One of the grades must be worth more than 0 points."),
}
"""What is wrong at a field, and what to do."""
OTHER_PROBLEM = _("This does not fit.")

FORMATS = {
    Format.GIFT: _("GIFT (text, Moodle)"),
    Format.MOODLE_XML: _("Moodle XML"),
    Format.QTI: _("QTI 3.0 (package; reads 2.1 as well)"),
    Format.CSV: _("Table (CSV; reads Excel as well)"),
}
