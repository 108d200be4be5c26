"""Why an item of a file was changed or refused, in the reader's language.

Readers and writers of files say it in English sentences with values in them; here stand those sentences with `{}` in
the place of the values. A sentence that is not among them is shown as it is.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import zip_longest

from web.i18n import mark as _
from web.i18n import translate

REASONS = (
    _("Blanks of type {} are not known."),
    _("There is no blank in the text."),
    _("No answer of the blank {} is fully right."),
    _("A tolerance in a blank can only be nominal in Moodle."),
    _("The share {} was rounded to {} %."),
    _("The weights of its blanks cannot be said in whole numbers."),
    _("What stands in braces is no answer: it begins with none of = ~ # T F."),
    _("Characters of private use were left out."),
    _("The category {} that begins here is not kept; competences are given by tags."),
    _("The title was cut to 300 characters."),
    _("There is no question."),
    _("It has no braces: a description asks nothing."),
    _("A brace opens and never closes; a blank line ends a question."),
    _("It has more than one pair of braces: several blanks cannot be said in GIFT."),
    _("Text stands before the first {}. Write \\{} for this sign in a text."),
    _("True or false takes two feedbacks at most."),
    _("The file has more than {} questions. Divide it."),
    _("It is longer than {} characters."),
    _("A brace closes that never opened. Write \\} for a brace in the text."),
    _("An option has no text."),
    _("There is no -> in {}."),
    _("Feedback of single pairs is not kept."),
    _("The range {} ends before it begins."),
    _("GIFT has no items of kind {}. Use Moodle XML or QTI."),
    _("An answer that catches every number and is worth something cannot be said in GIFT."),
    _("An arrow (->) in a short answer would be read as matching."),
    _("Units cannot be said in GIFT; without them answers would count differently."),
    _("Criteria and the limit of words cannot be said in GIFT; they were left out."),
    _("The bank has it already, exactly so."),
    _("Its tags were changed."),
    _("It became version {} of {}."),
    _("The file's name tells no format. Name it: gift, moodle-xml, qti or csv."),
    _("It will become version {} of {}."),
    _("The file is larger than {} MiB. Divide it."),
    _("The file is empty."),
    _("HTML that is never shown stands in it: {}."),
    _("The language {} is none of Ukrainian (uk) and English (en)."),
    _("It will replace the draft of {}."),
    _("This is no text. GIFT is text in UTF-8 or Windows-1251."),
    _("The code {} was written as {}."),
    _("It was given a code."),
    _("Its tags will be changed."),
    _("The file has an item {} already."),
    _("This is no Moodle XML: its root is {}, not 'quiz'."),
    _("It was worth {} points; here a test says what an item is worth."),
    _("Hints for further tries are not kept."),
    _("Files in it were left out."),
    _("True or false needs these two answers."),
    _("Choosing a unit from a list is not known; people type it."),
    _("Notes for whoever reads the answers are not kept; write criteria."),
    _("Attached files are not known; people write text."),
    _("The way of grading {} is not known."),
    _("All elements are to be ordered; choosing some of them at random is not known."),
    _("A description asks nothing."),
    _("Questions of type {} are not known."),
    _("Feedback for right, partly right and wrong answers as a whole is not kept."),
    _("Moodle counts by the sum of the shares; the policy is kept as a tag."),
    _("Moodle XML takes tolerances as nominal; the policy is kept as a tag."),
    _("The penalty {} was rounded to {} %."),
    _("Criteria stand as notes for the reader only; Moodle's rubrics belong to assignments."),
    _("The shares of the right options were rounded; they now give the whole point."),
    _("{} is no number."),
    _("{} is too large or too fine a number."),
    _("{} % is none of −100 to 100."),
    _("No option is right."),
    _("No option is fully right."),
    _("The right options come to {} % together; they must give 100 %."),
    _("No answer is fully right."),
    _("Matching needs two pairs at least."),
    _("All stems have the same answer."),
    _("There is no answer."),
    _("There are more than {} answers."),
    _("A stem has no answer beside it."),
    _("The tag {} does not fit this kind of item; it was left out."),
    _("The package holds no QTI items."),
    _("Unpacked, the package is too large. Divide it."),
    _("A {} is not known."),
    _("It has no interaction: it asks nothing."),
    _("Adaptive items are not known."),
    _("It has no body."),
    _("Media were left out."),
    _("Pictures that are files of their own were left out."),
    _("Style sheets were left out."),
    _("Templates were not carried out."),
    _("It has several interactions of which not all are blanks."),
    _("Feedback that depends on the score is not kept."),
    _("This is no QTI item: its root is {}."),
    _("The package has more than {} items. Divide it."),
    _("The package is damaged: {}."),
    _("The package has a file that would lie outside of it."),
    _("The rubric is not kept; write criteria."),
    _("The package names this file, and does not hold it."),
    _("A {} is no item; only items are taken."),
    _("The response {} is not declared."),
    _("Matching needs two sets."),
    _("A stem has no right answer."),
    _("The right order does not name every element once."),
    _("Capital letters matter for some answers only; now they matter for all."),
    _("A tolerance that differs below and above is not known."),
    _("A right pair names something that is not there."),
    _("A stem with several right answers is not known."),
    _("The share {} was rounded to {}."),
    _("Others count by the sum of the shares; the policy is kept as a keyword."),
    _("Units cannot be said in QTI; without them answers would count differently."),
    _("A geometric tolerance cannot be said in QTI."),
    _("An answer that catches every number and is worth something cannot be said in QTI."),
    _("Feedback of single numbers was left out."),
    _("Feedback of single answers was left out."),
    _("Others count the order all or nothing; the policy is kept as a keyword."),
    _("A blank with a tolerance cannot be said in QTI."),
    _("Criteria stand as a note for the reader only."),
    _("The limit of words was left out."),
    _("A pattern with a star cannot be said in QTI."),
    _("Feedback of single blanks was left out."),
    _("Scripts, forms, frames, media and formulas cannot be kept; they were left out."),
    _("Scripts cannot be kept; they were left out."),
    _("The column {} is not known; it was left out."),
    _("The column {} is missing. The first row names the columns."),
    _("The file has more than {} items. Divide it."),
    _("One of true and false must be right: put 100 into its share."),
    _("A further row of it fills the column {}: the kind is missing, or the row is wrong."),
    _("The kind {} is not known in a table."),
    _("No option is right: put + into its share."),
    _("True or false takes the answers true and false, each once at most."),
    _("The share of a grade is its points, a whole number."),
    _("A table has no items of kind {}. Use Moodle XML or QTI."),
    _("Units cannot be said in a table."),
    _("A text of it is too long for a cell."),
    _("The row belongs to no item: the first row of an item has a kind."),
    _("The document is nested too deeply or has too many elements."),
    _("The document defines entities or a document type; such documents are not read."),
    _("This is no well-formed XML: {}."),
    _("An item has at most {} tags; the others were left out."),
    _("The level {} is none of 1 to 8; the tag was left out."),
    _("{} is no number of {}; the tag was left out."),
    _("The tag {} is empty or too long; it was left out."),
    _("{} is the address of a page. Choose another code."),
    _("A code has 1 to 64 letters, figures, dots, dashes and underscores."),
)


def said(sentence: str, language: str) -> str:
    """The sentence in that language; as it is when it is none of ours."""
    return known(sentence, language) or sentence


def known(sentence: str, language: str) -> str:
    """The sentence in that language; empty when it is none of ours."""
    for pattern, template in _patterns():
        found = pattern.fullmatch(sentence)
        if found:
            pieces = translate(language, template).split("{}")
            return "".join(piece + value for piece, value in zip_longest(pieces, found.groups(), fillvalue=""))
    return ""


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Those with the longest fixed text first, so that `{} is no number.` takes nothing from a longer one."""
    longest = sorted(REASONS, key=lambda each: -len(each))
    return tuple((re.compile("(.*?)".join(map(re.escape, each.split("{}"))), re.DOTALL), each) for each in longest)
