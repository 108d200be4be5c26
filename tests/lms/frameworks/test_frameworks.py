"""Frames of competences: what is shipped, what an operator supplies, and what is refused."""

from __future__ import annotations

import json
from collections import Counter
from importlib.resources import files
from typing import Any

import pytest
from sqlalchemy import delete

from lms.audit.queries import find_tampering
from lms.database import Database
from lms.errors import Conflict, Invalid, NotFound
from lms.frameworks import queries
from lms.frameworks.loading import EARLIER, SHIPPED, load, load_shipped
from lms.frameworks.models import LearningOutcome
from lms.frameworks.reading import read
from lms.frameworks.rules import broad_level, covers, six_level
from tests.lms.facts import NOW


def shipped(name: str) -> bytes:
    return (files("lms.frameworks") / "data" / name).read_bytes()


def changed(name: str, **more: Any) -> bytes:
    return json.dumps(json.loads(shipped(name)) | more).encode()


def test_both_versions_of_digcomp_have_five_areas_and_21_competences() -> None:
    for name in ("digcomp-2.2.json", "digcomp-3.0.json"):
        found, _ = read(shipped(name))
        assert [len(area.competences) for area in found.areas] == [3, 6, 4, 4, 4]
        assert len(found.numbers()) == 5 + found.version.expected_competences
        assert all(name.uk and name.en for area in found.areas for name in [each.name for each in area.competences])


def test_the_outcomes_of_digcomp_3_are_as_many_as_its_report_counts() -> None:
    """JRC144121: 523, by kind and by level (domain.md D7)."""
    found, _ = read(shipped("digcomp-3.0.json"))
    outcomes = [(one.number, each) for area in found.areas for one in area.competences for each in one.outcomes]
    assert Counter(each.kind for _, each in outcomes) == {"knowledge": 217, "skill": 199, "attitude": 107}
    assert Counter(each.level for _, each in outcomes) == {
        "basic": 151, "intermediate": 170, "advanced": 119, "highly-advanced": 83
    }  # fmt: skip
    assert not [each.id for _, each in outcomes if (each.level, each.kind) == ("highly-advanced", "knowledge")]
    for number, each in outcomes:
        assert each.id.startswith(f"LO{number}.")
        assert each.text.uk.endswith(".")


NAMES = {
    "digcomp-2.2.json": """
        1 Information and data literacy
        1.1 Browsing, searching and filtering data, information and digital content
        1.2 Evaluating data, information and digital content
        1.3 Managing data, information and digital content
        2 Communication and collaboration
        2.1 Interacting through digital technologies
        2.2 Sharing through digital technologies
        2.3 Engaging in citizenship through digital technologies
        2.4 Collaborating through digital technologies
        2.5 Netiquette
        2.6 Managing digital identity
        3 Digital content creation
        3.1 Developing digital content
        3.2 Integrating and re-elaborating digital content
        3.3 Copyright and licences
        3.4 Programming
        4 Safety
        4.1 Protecting devices
        4.2 Protecting personal data and privacy
        4.3 Protecting health and well-being
        4.4 Protecting the environment
        5 Problem solving
        5.1 Solving technical problems
        5.2 Identifying needs and technological responses
        5.3 Creatively using digital technologies
        5.4 Identifying digital competence gaps""",
    "digcomp-3.0.json": """
        1 Information search, evaluation and management
        1.1 Browsing, searching and filtering information
        1.2 Evaluating information
        1.3 Managing information
        2 Communication and collaboration
        2.1 Interacting through and with digital technologies
        2.2 Sharing through digital technologies
        2.3 Engaging in citizenship through digital technologies
        2.4 Collaborating through digital technologies
        2.5 Digital behaviour
        2.6 Managing digital identity
        3 Content creation
        3.1 Developing digital content
        3.2 Integrating and re-elaborating digital content
        3.3 Copyright and licences
        3.4 Computational thinking and programming
        4 Safety, wellbeing and responsible use
        4.1 Protecting devices
        4.2 Protecting personal data and privacy
        4.3 Supporting wellbeing
        4.4 Environmental impacts of digital technologies
        5 Problem identification and solving
        5.1 Identifying and solving technical problems
        5.2 Identifying needs and digital technological responses
        5.3 Identifying creative solutions using digital technologies
        5.4 Identifying and addressing digital competence needs""",
}
"""As JRC144121 (CC BY 4.0) and its annex, which compares both, have them."""


@pytest.mark.parametrize("name", NAMES)
def test_names_are_the_publishers(name: str) -> None:
    found, _ = read(shipped(name))
    told = [(each.number, each.name.en) for area in found.areas for each in (area, *area.competences)]
    wanted = [tuple(line.strip().split(" ", 1)) for line in NAMES[name].strip().splitlines()]
    assert told == wanted


def test_the_ukrainian_frame_has_six_areas_and_waits_for_its_thirty_names() -> None:
    found, _ = read(shipped("digcomp-ua.json"))
    assert len(found.areas) == 6
    assert found.version.expected_competences == 30
    assert not any(area.competences for area in found.areas)
    assert [each.code for each in found.subjects] == ["computer-literacy", "media-literacy", "data", "content"]


def test_levels_on_other_scales() -> None:
    assert [broad_level(level) for level in range(1, 9)] == [
        *("basic", "basic", "intermediate", "intermediate", "advanced", "advanced"),
        *("highly-advanced", "highly-advanced"),
    ]
    assert [six_level(level) for level in range(1, 9)] == ["A1", "A2", "B1", "B2", "C1", "C1", "C2", "C2"]
    with pytest.raises(ValueError, match="no 9"):
        broad_level(9)


def test_an_area_covers_what_stands_in_it() -> None:
    assert covers("1", "1.1")
    assert covers("1.1", "1.1")
    assert not covers("1", "10.1")
    assert not covers("1.1", "1")


def test_what_is_shipped_is_loaded_once(database: Database) -> None:
    with database.writing() as session:
        assert load_shipped(session, NOW) == len(SHIPPED)
    with database.writing() as session:
        assert load_shipped(session, NOW) == 0
    with database.reading() as session:
        assert queries.schemes(session) == {"digcomp22", "digcomp30", "digcomp-ua"}
        names = queries.names(session, [("digcomp22", "2.5"), ("digcomp30", "2.5"), ("digcomp30", "9.9")])
        assert {key[0]: each.name_en for key, each in names.items()} == {
            "digcomp22": "Netiquette",
            "digcomp30": "Digital behaviour",
        }
        assert find_tampering(session) is None


def test_a_crosswalk_leads_from_one_to_several_or_by_the_area(database: Database) -> None:
    one_to_many = [{"to": "digcomp22", "lines": [{"from": "1", "to": ["1.1", "5.1"], "note": "Обидві"}]}]
    with database.writing() as session:
        load_shipped(session, NOW)
        load(session, "operator", changed("digcomp-ua.json", crosswalks=one_to_many), NOW)
        found = queries.corresponding(session, "digcomp-ua", "1", "digcomp22")
        assert [(each.number, each.note) for each in found] == [("1.1", "Обидві"), ("5.1", "Обидві")]
        assert queries.corresponding(session, "digcomp-ua", "1.3", "digcomp22") == found
        assert queries.corresponding(session, "digcomp-ua", "2", "digcomp22") == []
        (renamed,) = queries.corresponding(session, "digcomp22", "2.5", "digcomp30")
        assert (renamed.number, renamed.note) == ("2.5", "Renamed: netiquette becomes digital behaviour.")


def test_an_operator_supplies_the_names_and_the_next_start_leaves_them(database: Database) -> None:
    whole = json.loads(shipped("digcomp-ua.json"))
    whole["areas"][0]["competences"] = [{"number": "1.1", "name": {"uk": "Користування комп’ютером"}}]
    content = json.dumps(whole).encode()
    with database.writing() as session:
        load_shipped(session, NOW)
        version, written = load(session, "operator", content, NOW)
        assert written
        assert load(session, "operator", content, NOW) == (version, False)
    with database.writing() as session:
        load_shipped(session, NOW)
        found = queries.version(session, "digcomp-ua")
        assert [each.number for each in found.competences] == ["1", "1.1", "2", "3", "4", "5", "6"]
        with pytest.raises(Conflict) as refused:
            load(session, "operator", shipped("digcomp-ua.json"), NOW)
        assert (refused.value.code, "1.1" in refused.value.detail) == ("framework_shrinks", True)
        with pytest.raises(NotFound):
            queries.version(session, "none")


OUTCOMES = [
    {"id": "LO1.1.01", "level": "basic", "kind": "knowledge", "text": {"en": "Knows that results are ordered."}},
    {
        "id": "LO1.1.02",
        "level": "advanced",
        "kind": "skill",
        "text": {"uk": "Звужує пошук.", "en": "Narrows a search."},
    },
]


def with_outcomes(outcomes: list[dict[str, Any]], name: str = "digcomp-3.0.json") -> bytes:
    """The file with these outcomes of its first competence."""
    areas = json.loads(shipped(name))["areas"]
    areas[0]["competences"][0]["outcomes"] = outcomes
    return changed(name, areas=areas)


def test_learning_outcomes_come_with_a_file_and_a_later_one_says_them_anew(database: Database) -> None:
    with database.writing() as session:
        load_shipped(session, NOW)
        load(session, "operator", with_outcomes(OUTCOMES), NOW)
    with database.writing() as session:
        page = queries.page(session, "digcomp30")
        assert [(area.number, len(several)) for area, several in page.areas] == [
            ("1", 3), ("2", 6), ("3", 4), ("4", 4), ("5", 4)
        ]  # fmt: skip
        found = page.outcomes["1.1"]
        assert [(each.code, each.level, each.kind, each.text_uk) for each in found] == [
            ("LO1.1.01", "basic", "knowledge", ""),
            ("LO1.1.02", "advanced", "skill", "Звужує пошук."),
        ]
        load(session, "operator", with_outcomes(OUTCOMES[1:]), NOW)
        assert [each.code for each in queries.page(session, "digcomp30").outcomes["1.1"]] == ["LO1.1.02"]


def supplement(**first: Any) -> bytes:
    """A data supplement in its publisher's shape, with `first` in its first outcome."""
    outcome = {
        "@type": "LearningOutcome",
        "@id": "LearningOutcome/LO1.1.01",
        "description": "Knows that  results are ordered.",
        "type": "Knowledge",
        "ai_label": "AI-Implicit",
        "competence_area_id": "CompetenceArea/1",
        "competence_id": "Competence/1.1",
        "four_levels_proficiency_name": "ProficiencyLevel/Basic",
    }
    second = {
        "@id": "LearningOutcome/LO1.1.99",
        "description": "Orders results.",
        "type": "Skill",
        "four_levels_proficiency_name": "ProficiencyLevel/Highly advanced",
    }
    graph = [{"@type": "CompetenceArea", "@id": "CompetenceArea/1"}, outcome | first, outcome | second]
    return json.dumps({"@context": {}, "@graph": graph}).encode()


def test_the_publishers_data_supplement_gives_outcomes_their_english_words(database: Database) -> None:
    with database.writing() as session:
        load_shipped(session, NOW)
    with database.writing() as session:
        assert load(session, "operator", supplement(), NOW)[1] is True
        assert load(session, "operator", supplement(), NOW)[1] is False, "the same again changes nothing"
    with database.reading() as session:
        page = queries.page(session, "digcomp30")
        found = {each.code: each for each in page.outcomes["1.1"]}
        first, new = found["LO1.1.01"], found["LO1.1.99"]
        assert (first.text_en, bool(first.text_uk)) == ("Knows that results are ordered.", True)
        assert (new.level, new.kind, new.text_uk, new.text_en) == ("highly-advanced", "skill", "", "Orders results.")
        assert load_shipped(session, NOW) == 0, "the next start leaves them"


@pytest.mark.parametrize(
    "content",
    [
        supplement(**{"@id": "LearningOutcome/LO1.2.01"}),
        supplement(**{"@id": "LearningOutcome/LO1.1.99"}),
        supplement(**{"@id": "LearningOutcome/LO1.7.01", "competence_id": "Competence/1.7"}),
        supplement(four_levels_proficiency_name="ProficiencyLevel/Seventh"),
        supplement(type="Hope"),
        supplement(description=" "),
        supplement(description="x" * 1001),
        b'{"@graph": []}',
        b'{"@graph": "LearningOutcome"}',
    ],
    ids=range(9),
)
def test_a_supplement_that_does_not_fit_is_refused(database: Database, content: bytes) -> None:
    with database.writing() as session:
        load_shipped(session, NOW)
        with pytest.raises(Invalid) as refused:
            load(session, "operator", content, NOW)
        assert refused.value.code == "framework_file"


def test_what_an_earlier_release_shipped_is_brought_up_to_date(database: Database) -> None:
    with database.writing() as session:
        load_shipped(session, NOW)
        version = queries.version(session, "digcomp30")
        version.digest, version.note_uk = min(EARLIER), ""
        session.execute(delete(LearningOutcome))
    with database.writing() as session:
        assert load_shipped(session, NOW) == 1
        assert queries.version(session, "digcomp30").note_uk
        assert sum(len(each) for each in queries.page(session, "digcomp30").outcomes.values()) == 523


@pytest.mark.parametrize(
    "content",
    [
        with_outcomes([OUTCOMES[0], OUTCOMES[0]]),
        with_outcomes([OUTCOMES[0] | {"level": "seventh"}]),
        with_outcomes([OUTCOMES[0] | {"kind": "hope"}]),
        with_outcomes([OUTCOMES[0] | {"text": {}}]),
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b" " * (1024 * 1024 + 1),
        b"{}",
        changed("digcomp-2.2.json", format="vikno-framework/2"),
        changed("digcomp-2.2.json", more=1),
        changed("digcomp-2.2.json", areas=[]),
        changed("digcomp-2.2.json", areas=json.loads(shipped("digcomp-2.2.json"))["areas"] * 2),
        changed("digcomp-2.2.json", subjects=[{"code": "x", "name": {"uk": "х"}, "numbers": ["7.1"]}]),
        changed(
            "digcomp-2.2.json",
            areas=[
                {"number": "1", "name": {"uk": "а"}, "competences": [{"number": "2.1", "name": {"uk": "б"}}]},
            ],
        ),
    ],
    ids=range(15),
)
def test_a_file_that_is_no_frame_is_refused_with_the_place(content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        read(content)
    assert refused.value.code == "framework_file"
    assert refused.value.detail
