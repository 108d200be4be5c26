"""Files as other systems write them, files that people get wrong, and files that mean harm."""

from __future__ import annotations

import html
import re
import zipfile
from fractions import Fraction
from importlib.resources import files
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.assessment.content import (
    Cloze,
    Essay,
    Matching,
    MultipleChoice,
    Numeric,
    NumericBlank,
    Ordering,
    ShortText,
    SingleChoice,
    TrueFalse,
)
from lms.assessment.exchange import gift, importing, moodle, qti, rich, table
from lms.assessment.exchange.parts import (
    MOST_BYTES,
    MOST_ITEMS,
    Format,
    Read,
    Unreadable,
    nearest_share,
    share_of_percent,
)
from lms.assessment.scoring import score
from lms.markdown import to_html
from tests.lms.assessment.bodies import TEXTS

F = Fraction


def one(text: str) -> Read:
    (read,) = gift.read(text)
    return read


def body(text: str) -> Any:
    read = one(text)
    assert read.refused == "", read.refused
    return read.body


# --- GIFT -------------------------------------------------------------------------------------------------------------


def test_the_bank_that_is_shipped_is_taken_whole_and_exactly() -> None:
    folder = files("lms") / "content" / "items"
    found = [
        read
        for file in folder.iterdir()
        for read in (
            gift.read(file.read_text(encoding="utf-8"))
            if file.name.endswith(".gift")
            else moodle.read(file.read_bytes())
        )
    ]
    assert len(found) >= 90
    assert [(read.code, read.refused, read.changed) for read in found if read.refused or read.changed] == []
    assert len({read.code for read in found}) == len(found)
    assert {read.language for read in found} == {"uk", "en"}


def test_every_kind_of_gift() -> None:
    assert isinstance(body("Питання {=так ~ні}"), SingleChoice)
    assert isinstance(body("Питання {~%50%а ~%50%б ~%-100%в}"), MultipleChoice)
    assert isinstance(body("Питання {T}"), TrueFalse)
    assert isinstance(body("Питання {=слово =%50%інше}"), ShortText)
    assert isinstance(body("Питання {#3:0.5}"), Numeric)
    assert isinstance(body("Питання {=а -> б =в -> г}"), Matching)
    assert isinstance(body("Питання {}"), Essay)


def test_colons_equals_signs_and_apostrophes() -> None:
    item = body(r"::О 10\:00::Коли x \= 5, об’єкт п'ять о 10:00?{=о 10\:00#так\: \{вірно\} ~о 11:00 =2 + 2 \= 4}")
    assert item.title == "О 10:00"
    assert item.text == "Коли x = 5, об’єкт п'ять о 10:00?"
    assert [option.text for option in item.options] == ["о 10:00", "о 11:00", "2 + 2 = 4"]
    assert item.options[0].feedback == "так: {вірно}"


def test_the_first_feedback_of_true_and_false_is_for_the_wrong_answer() -> None:
    item = body("Ні {FALSE#Помилка#Правильно####Отже}")
    assert (item.answer, item.feedback_true, item.feedback_false, item.feedback) == (
        False,
        "Помилка",
        "Правильно",
        "Отже",
    )


def test_a_category_is_not_lost_without_a_word_and_takes_no_comment_with_it() -> None:
    file = (
        "// question: 0  name: Switch category to $course$/top/Банк/Файли\n$CATEGORY: $course$/top/Банк/Файли\n\n"
        "Опис без дужок\n\n// [id:q-1]\n$CATEGORY: $course$/top\n\n::Перше::Питання {T}\n\n::Друге::Питання {F}\n"
    )
    refused, first, second = gift.read(file)
    assert refused.refused
    assert first.code == "q-1"
    assert [each.changed for each in (first, second)] == [(), ()]
    refused, first, second = gift.read(file.replace("$CATEGORY: $course$/top\n", "\n"))
    assert first.changed == ("The category 'Банк/Файли' that begins here is not kept; competences are given by tags.",)
    assert second.changed == ()


def test_weights_are_exact() -> None:
    shares = [option.share for option in body("? {~%33.33333%а ~%33.333%б ~%33.33%в ~%-16.66667%г}").options]
    assert shares == [F(1, 3), F(1, 3), F(1, 3), F(-1, 6)]
    assert share_of_percent("33") == F(33, 100)
    assert share_of_percent("12.34") == F(1234, 10_000)
    read = one("? {~%33.3%а ~%33.3%б ~%33.3%в}")
    assert read.body is not None
    assert score(read.body, ["a", "b", "c"]).share == 1
    assert len(read.changed) == 1
    assert nearest_share(F("0.3333333333"), 10) == F(1, 3)


def test_numbers_ranges_and_feedback() -> None:
    item = body("Рік {#=1991:0#Точно =%50%1990..1993#Майже ~#Ні}")
    assert [(str(each.value), str(each.tolerance), each.share) for each in item.answers] == [
        ("1991", "0", F(1)),
        ("1991.5", "1.5", F(1, 2)),
        ("None", "0", F(0)),
    ]
    assert (score(item, "1993").share, score(item, "2000").feedback) == (F(1, 2), ("Ні",))


def test_a_missing_word_and_a_stem_without_a_fellow() -> None:
    assert body("Столиця {=Київ ~Львів} стоїть на Дніпрі.").text == "Столиця \\_\\_\\_\\_\\_ стоїть на Дніпрі."
    item = body("? {=а -> 1 =б -> 2 = -> 3}")
    assert ([stem.text for stem in item.stems], [choice.text for choice in item.choices]) == (
        ["а", "б"],
        ["1", "2", "3"],
    )


def test_html_becomes_markdown_and_scripts_go_with_a_word() -> None:
    item = body("[html]<p>Це <b>важливо</b><br>так</p>{=1 ~2}")
    assert item.text == "Це **важливо**\\\nтак"
    read = one("[html]<p>Привіт<script>alert(1)</script></p>{T}")
    assert read.body is not None
    assert "alert" not in read.body.text
    assert "Scripts" in read.changed[0]


def test_script_in_markdown_is_never_shown() -> None:
    for text in (
        "<script>alert(1)</script>",
        "[a](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        "<b onclick=x>",
    ):
        shown = to_html(text)
        assert "<script" not in shown
        assert "javascript:" not in re.findall(r'href="([^"]*)"', shown)
        assert not re.search(r"<[^>]+\son\w+=", shown)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Опис без дужок", "description"),
        ("? {=так ~ні", "never closes"),
        ("? }", "never opened"),
        ("? {=а} і {=б}", "more than one pair"),
        ("? {~а ~б}", "No option is right"),
        ("? {=%50%а}", "fully right"),
        ("? {~%50%а ~%20%б}", "70 %"),
        ("? {=а -> б}", "two pairs"),
        ("? {#три}", "no number"),
        ("? {#5..1}", "before it begins"),
        ("? {#1e999999}", "number"),
        ("? {хтозна}", "no answer"),
        ("? {~%150%а}", "none of"),
        ("{=а ~б}", "no question"),
        ("? {TRUE#a#b#c}", "two feedbacks"),
        ("? {" + "".join(f"~%1%{n}" for n in range(50)) + "}", "more than 40"),
        ("? {=" + "x" * 100_001 + "}", "longer"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_line_and_the_rest_is_taken(text: str, reason: str) -> None:
    first, refused, last = gift.read(f"// початок\n\nПерше {{T}}\n\n{text}\n\nОстаннє {{F}}\n")
    assert (first.line, refused.line, last.line) == (3, 5, 7)
    assert (first.refused, last.refused) == ("", "")
    assert reason in refused.refused


@given(st.text(max_size=200) | st.lists(st.sampled_from("{}=~#%:\\>-T\n/[]"), max_size=60).map("".join))
def test_any_text_is_taken_or_refused(text: str) -> None:
    for read in gift.read(text):
        assert (read.body is None) == bool(read.refused)


def test_windows_1251_is_read() -> None:
    (read,) = importing.read("Їжак і ґава? {=так ~ні}".encode("cp1251"), Format.GIFT)
    assert read.body is not None
    assert read.body.text == "Їжак і ґава?"


# --- Moodle XML -------------------------------------------------------------------------------------------------------

MOODLE = """<?xml version="1.0" encoding="UTF-8"?>
<quiz>
<question type="category"><category><text>$course$/top/Цифрова грамотність</text></category></question>
<question type="multichoice">
  <name><text>Назва</text></name>
  <questiontext format="html"><text><![CDATA[<p>Оберіть <strong>усі</strong> з <em>двох</em></p>]]></text>
  </questiontext>
  <generalfeedback format="html"><text></text></generalfeedback>
  <defaultgrade>2.0000000</defaultgrade><penalty>0.3333333</penalty><single>false</single>
  <shuffleanswers>true</shuffleanswers>
  <correctfeedback format="html"><text>Молодець, що згадали правило.</text></correctfeedback>
  <answer fraction="50" format="html"><text><![CDATA[<p>Перша</p>]]></text>
    <feedback format="html"><text>так</text></feedback></answer>
  <answer fraction="50" format="html"><text>Друга</text><feedback><text></text></feedback></answer>
  <answer fraction="-100" format="html"><text>Третя</text><feedback><text></text></feedback></answer>
</question>
<question type="numerical">
  <name><text>Довжина</text></name><questiontext format="plain_text"><text>Скільки *метрів*?</text></questiontext>
  <answer fraction="100"><text>2</text><tolerance>0.1</tolerance><feedback><text>так</text></feedback></answer>
  <units><unit><multiplier>1</multiplier><unit_name>м</unit_name></unit>
  <unit><multiplier>100</multiplier><unit_name>см</unit_name></unit></units>
  <unitgradingtype>1</unitgradingtype><unitpenalty>0.1000000</unitpenalty><showunits>0</showunits>
</question>
<question type="matching">
  <name><text>Пари</text></name><questiontext format="html"><text>З’єднайте</text></questiontext>
  <shuffleanswers>false</shuffleanswers>
  <subquestion format="html"><text><![CDATA[<p>Київ</p>]]></text><answer><text>Україна</text></answer></subquestion>
  <subquestion format="html"><text>Рим</text><answer><text>Італія</text></answer></subquestion>
  <subquestion format="html"><text></text><answer><text>Іспанія</text></answer></subquestion>
</question>
<question type="cloze">
  <name><text>Пропуски</text></name>
  <questiontext format="html"><text><![CDATA[<p>Столиця {2:SHORTANSWER:=Київ#так~%50%Киев} на
  {1:MC:=Дніпрі~Дунаї}, років {:NM:=1500:50}</p>]]></text></questiontext>
</question>
<question type="description"><name><text>Опис</text></name></question>
<question type="ddwtos"><name><text>Перетягування</text></name>
<questiontext><text>[[1]]</text></questiontext></question>
</quiz>"""


def test_moodle_xml_as_moodle_writes_it() -> None:
    choice, number, pairs, blanks, description, strange = moodle.read(MOODLE.encode())
    assert isinstance(choice.body, MultipleChoice)
    assert choice.body.text == "Оберіть **усі** з *двох*"
    assert [option.text for option in choice.body.options] == ["Перша", "Друга", "Третя"]
    assert len(choice.changed) == 3  # two points, feedback for the whole, and the category
    assert "Цифрова грамотність" in choice.changed[0]
    assert isinstance(number.body, Numeric)
    assert number.body.text == "Скільки \\*метрів\\*?"
    assert [score(number.body, answer).share for answer in ("2 м", "205 см", "2", "3 м")] == [1, 1, F(9, 10), 0]
    assert isinstance(pairs.body, Matching)
    assert not pairs.body.shuffle
    assert len(pairs.body.choices) == 3
    assert isinstance(blanks.body, Cloze)
    assert blanks.body.text == "Столиця [[b1]] на [[b2]], років [[b3]]"
    assert isinstance(blanks.body.blanks[2], NumericBlank)
    assert score(blanks.body, {"b1": "київ", "b2": "b", "b3": "1480"}).share == F(3, 4)
    assert description.refused
    assert "ddwtos" in strange.refused
    assert choice.line == 4


def test_windows_1251_is_read_in_xml_too() -> None:
    told = MOODLE.replace('encoding="UTF-8"', 'encoding="windows-1251"').encode("cp1251")
    assert moodle.read(told)[0].title == "Назва"


BOMB = b"""<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<quiz><question type="essay"><questiontext><text>&b;</text></questiontext></question></quiz>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a SYSTEM "file:///etc/passwd">]><quiz>&a;</quiz>"""


@pytest.mark.parametrize("reader", [moodle.read, qti.read])
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (BOMB, "xml_hostile"),
        (OUTSIDE, "xml_hostile"),
        (b"<quiz>" + b"<a>" * 200, "xml_deep"),
        (b"<quiz><question></quiz>", "xml_broken"),
        (b"<other/>", "xml_other"),
        (b"no xml", "xml_broken"),
        (b"<quiz>\x00</quiz>", "xml_broken"),
        (b'<?xml version="1.0" encoding="none-such"?><quiz/>', "xml_broken"),
    ],
)
def test_xml_that_means_harm_or_is_none(reader: Any, content: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        reader(content)
    assert refused.value.code == code


# --- QTI --------------------------------------------------------------------------------------------------------------

QTI_21 = """<?xml version="1.0" encoding="UTF-8"?>
<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="choice" title="Unattended Luggage"
  adaptive="false" timeDependent="false" xml:lang="en">
  <responseDeclaration identifier="RESPONSE" cardinality="single" baseType="identifier">
    <correctResponse><value>ChoiceA</value></correctResponse>
  </responseDeclaration>
  <outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"/>
  <itemBody>
    <p>Look at the text:</p>
    <choiceInteraction responseIdentifier="RESPONSE" shuffle="false" maxChoices="1">
      <prompt>What does it say?</prompt>
      <simpleChoice identifier="ChoiceA">You must stay with your luggage.</simpleChoice>
      <simpleChoice identifier="ChoiceB">Do not let <em>someone else</em> look after it.
        <feedbackInline outcomeIdentifier="FEEDBACK" identifier="ChoiceB" showHide="show">No.</feedbackInline>
      </simpleChoice>
    </choiceInteraction>
  </itemBody>
  <responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"/>
</assessmentItem>"""

QTI_MAPPED = """<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="m" title="T">
  <qti-response-declaration identifier="RESPONSE" cardinality="multiple" base-type="identifier">
    <qti-correct-response><qti-value>H</qti-value><qti-value>O</qti-value></qti-correct-response>
    <qti-mapping lower-bound="0" upper-bound="2" default-value="-2">
      <qti-map-entry map-key="H" mapped-value="1"/><qti-map-entry map-key="O" mapped-value="1"/>
      <qti-map-entry map-key="Cl" mapped-value="-1"/>
    </qti-mapping>
  </qti-response-declaration>
  <qti-item-body><qti-choice-interaction response-identifier="RESPONSE" shuffle="true" max-choices="0">
    <qti-prompt>Which elements form water?</qti-prompt>
    <qti-simple-choice identifier="H">Hydrogen</qti-simple-choice>
    <qti-simple-choice identifier="He">Helium</qti-simple-choice>
    <qti-simple-choice identifier="O">Oxygen</qti-simple-choice>
    <qti-simple-choice identifier="Cl">Chlorine</qti-simple-choice>
  </qti-choice-interaction></qti-item-body>
  <qti-response-processing template="https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/map_response.xml"/>
</qti-assessment-item>"""

QTI_HOTSPOT = """<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p2" identifier="h" title="Spot">
  <itemBody><p>Where?</p><hotspotInteraction responseIdentifier="RESPONSE"/></itemBody></assessmentItem>"""


def test_qti_2_1_as_others_write_it() -> None:
    (read,) = qti.read(QTI_21.encode())
    assert isinstance(read.body, SingleChoice)
    assert (read.code, read.language, read.title) == ("choice", "en", "Unattended Luggage")
    assert read.body.text == "Look at the text:\n\nWhat does it say?"
    assert read.body.options[1].text == "Do not let *someone else* look after it."
    assert read.body.options[1].feedback == "No."
    assert score(read.body, "a").share == 1


def test_a_mapping_of_several_points_is_one_point_here() -> None:
    (read,) = qti.read(QTI_MAPPED.encode())
    assert isinstance(read.body, MultipleChoice)
    assert [score(read.body, answer).share for answer in (["a", "c"], ["a"], ["a", "c", "d"], ["b"])] == [
        *(F(1), F(1, 2), F(1, 2), F(0))
    ]


def test_what_qti_has_and_we_have_not_is_refused_by_name() -> None:
    (read,) = qti.read(QTI_HOTSPOT.encode())
    assert "hotspotinteraction" in read.refused


def packed(members: dict[str, str]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return out.getvalue()


def manifest(*names: str) -> str:
    resources = "".join(f'<resource type="imsqti_item_xmlv2p1" href="{name}"/>' for name in names)
    return f"<manifest><resources>{resources}</resources></manifest>"


def test_a_package_is_read_by_its_manifest() -> None:
    found = qti.read(
        packed(
            {
                "imsmanifest.xml": manifest("a.xml", "gone.xml", "broken.xml", "bomb.xml"),
                "a.xml": QTI_21,
                "broken.xml": "<a>",
                "bomb.xml": BOMB.decode(),
                "unlisted.xml": QTI_21,
            }
        )
    )
    assert [bool(read.refused) for read in found] == [False, True, True, True]
    assert len(qti.read(packed({"a.xml": QTI_21, "b.xml": QTI_HOTSPOT}))) == 2


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/evil.xml", "..\\evil.xml", "C:\\evil.xml", "a/../../evil.xml"])
def test_a_package_that_would_write_outside_is_refused(name: str) -> None:
    with pytest.raises(Unreadable) as refused:
        qti.read(packed({"imsmanifest.xml": manifest("a.xml"), name: "x"}))
    assert refused.value.code == "package_hostile"


def test_a_package_that_unpacks_to_too_much_is_refused() -> None:
    with pytest.raises(Unreadable) as refused:
        qti.read(packed({"a.xml": "x" * (65 * 1024 * 1024)}))
    assert refused.value.code == "file_large"


def test_a_damaged_or_empty_package() -> None:
    for content, code in ((packed({"a.xml": QTI_21})[:200], "package_broken"), (packed({"a": "x"}), "package_empty")):
        with pytest.raises(Unreadable) as refused:
            qti.read(content)
        assert refused.value.code == code


# --- Tables -----------------------------------------------------------------------------------------------------------

TABLE = """Код;Вид;Питання;Відповідь;Частка;Відгук;Теги
t-1;одна відповідь;Столиця?;Київ;+;Так;digcomp22:1.1; level:2
;;;Львів;;;
t-2;кілька відповідей;Що з цього міста?;Київ;+;;
;;;Дніпро;+;;
;;;Тиса;;;
t-3;так чи ні;Дніпро — річка;так;;;
t-4;число;2 + 2;4;;;
t-5;кросворд;?;;;;
t-6;одна відповідь;Без правильної;а;;;
"""


def test_a_table_as_people_fill_it_in_windows_1251() -> None:
    first, second, third, fourth, fifth, sixth = table.read(TABLE.replace("; level:2", "").encode("cp1251"))
    assert isinstance(first.body, SingleChoice)
    assert first.tags == ("digcomp22:1.1",)
    assert isinstance(second.body, MultipleChoice)
    assert score(second.body, ["a", "b", "c"]).share == 0
    assert isinstance(third.body, TrueFalse)
    assert third.body.answer
    assert score(fourth.body, "4,0").share == 1  # type: ignore[arg-type]
    assert "кросворд" in fifth.refused
    assert "No option is right" in sixth.refused
    assert [read.line for read in (first, second, fifth)] == [2, 4, 9]


def test_a_table_of_as_many_items_as_any_file_may_have() -> None:
    """An item takes several rows: their number is no bound before that of the items is."""
    head, *rows = TABLE.splitlines()
    item = "\n".join([*rows[2:5], ""])
    assert len(table.read(f"{head}\n{item * MOST_ITEMS}".replace("t-2", "").encode())) == MOST_ITEMS


def test_a_table_without_its_columns_is_refused() -> None:
    with pytest.raises(Unreadable) as refused:
        table.read(b"a;b\n1;2\n")
    assert refused.value.code == "columns_missing"


# --- All of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", list(Format))
def test_a_hundred_megabytes_are_refused_at_once(form: Format) -> None:
    with pytest.raises(Unreadable) as refused:
        importing.read(b"x" * (MOST_BYTES + 1), form)
    assert refused.value.code in {"file_large", "table_large"}


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02" * 100, b"PK\x03\x04nonsense", bytes(range(256)) * 4])
def test_a_picture_is_no_bank(form: Format, content: bytes) -> None:
    with pytest.raises(Unreadable):
        importing.read(content, form)


@given(TEXTS)
def test_plain_text_as_markdown_shows_the_same(text: str) -> None:
    shown = html.unescape(re.sub(r"<[^<>]*>", "", to_html(rich.from_plain(text))))
    assert "".join(shown.split()) == "".join(text.split())


def test_html_that_markdown_cannot_say_stays() -> None:
    changed: list[str] = []
    told = rich.from_html(
        "<p>H<sub>2</sub>O</p><ul><li>а</li><li>б <b>в</b></li></ul><p><a href='/x'>тут</a></p>", changed
    )
    assert told == "H<sub>2</sub>O\n\n- а\n- б **в**\n\n[тут](</x>)"
    assert changed == []
    assert to_html(told).count("<li>") == 2


def test_an_ordering_says_how_it_counts() -> None:
    (read,) = moodle.read(
        b"<quiz><question type='ordering'><questiontext format='markdown'><text>?</text></questiontext>"
        b"<gradingtype>7</gradingtype><answer fraction='2'><text>b</text></answer>"
        b"<answer fraction='1'><text>a</text></answer></question></quiz>"
    )
    assert isinstance(read.body, Ordering)
    assert (read.body.policy, [element.text for element in read.body.elements]) == ("order_distance", ["a", "b"])
