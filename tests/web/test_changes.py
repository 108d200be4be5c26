"""Changes of an occurrence as people read them."""

from __future__ import annotations

from lms.schedule.changes import ChangeCard
from tests.lms.facts import NOW
from web.occurrence_changes import Difference, differences


def change(**values: tuple[object, object]) -> ChangeCard:
    return ChangeCard(
        NOW, {name: old for name, (old, _) in values.items()}, {name: new for name, (_, new) in values.items()}, "", 1
    )


def test_each_value_is_said_in_the_reader_s_language() -> None:
    found = differences(
        change(
            starts_local=("2026-12-02T10:00", "2026-12-03T11:30"),
            duration_minutes=(90, 45),
            mode=("online", "mixed"),
            venue=("", "Київ, Хрещатик, 36"),
            description=("довге", "ще довше"),
            status=("published", "moved"),
            listed=(True, False),
        ),
        "uk",
        {},
    )
    assert found == [
        Difference("Початок", "2 грудня 2026, 10:00", "3 грудня 2026, 11:30"),
        Difference("Тривалість", "1\u00a0год 30\u00a0хв", "45\u00a0хв"),
        Difference("Де", "Онлайн", "Онлайн і на місці"),
        Difference("Місце", "", "Київ, Хрещатик, 36"),
        Difference("Опис", "", ""),
        Difference("Стан", "Заплановано", "Перенесено"),
        Difference("У публічному розкладі", "так", "ні"),
    ]


def test_lists_are_said_by_name_and_what_looks_the_same_is_left_out() -> None:
    found = differences(
        change(
            parties=([[1, "organiser"]], [[1, "organiser"], [2, "expert_body"], [9, "participant"]]),
            speakers=([], [["Оксана", "", None, None, "presenter", "a@example.org"]]),
            agenda=([["Вступ", "", 10, "talk"]], [["Вступ", "", 20, "talk"]]),
            status=("draft", "published"),
        ),
        "en",
        {1: "Association", 2: "Ministry"},
    )
    assert found == [
        Difference("Organisations", "Association", "Association, Ministry, № 9"),
        Difference("Speakers", "", "Оксана"),
    ]
