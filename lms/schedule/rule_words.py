"""A recurrence rule in words, Ukrainian and English: weekdays decline, so the sentences are made here. Pure."""

from __future__ import annotations

from lms.schedule.recurrence import Frequency, Rule

_EACH_UK = ("щопонеділка", "щовівторка", "щосереди", "щочетверга", "щоп’ятниці", "щосуботи", "щонеділі")
_ON_UK = ("у понеділок", "у вівторок", "у середу", "у четвер", "у п’ятницю", "у суботу", "у неділю")
_OF_UK = ("понеділка", "вівторка", "середи", "четверга", "п’ятниці", "суботи", "неділі")
_FEMININE = frozenset({2, 4, 5, 6})
_NTH_UK = {
    1: ("першого", "першої"),
    2: ("другого", "другої"),
    3: ("третього", "третьої"),
    4: ("четвертого", "четвертої"),
    5: ("п’ятого", "п’ятої"),
    -1: ("останнього", "останньої"),
}
_UNITS_UK = {
    Frequency.DAILY: ("щодня", "дні", "днів"),
    Frequency.WEEKLY: ("щотижня", "тижні", "тижнів"),
    Frequency.MONTHLY: ("щомісяця", "місяці", "місяців"),
}
_DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NTH_EN = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
_UNITS_EN = {Frequency.DAILY: "day", Frequency.WEEKLY: "week", Frequency.MONTHLY: "month"}


def in_words(rule: Rule, language: str) -> str:
    """`щосереди, 5 разів`; `every Wednesday, 5 times`."""
    if language == "uk":
        return f"{_days_uk(rule)}, {_end_uk(rule)}"
    return f"{_days_en(rule)}, {_end_en(rule)}"


def plural_uk(number: int, one: str, few: str, many: str) -> str:
    """The form of a noun that a number takes: 1 раз, 2 рази, 5 разів."""
    if number % 10 == 1 and number % 100 != 11:
        return one
    return few if 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14 else many


def _days_uk(rule: Rule) -> str:
    every, few, many = _UNITS_UK[rule.frequency]
    singular = {Frequency.DAILY: "день", Frequency.WEEKLY: "тиждень", Frequency.MONTHLY: "місяць"}[rule.frequency]
    step = every if rule.interval == 1 else f"кожні {rule.interval} {plural_uk(rule.interval, singular, few, many)}"
    if rule.month_day is not None:
        return f"{step}, {'останнього дня' if rule.month_day == -1 else f'{rule.month_day}-го числа'}"
    if rule.position is not None:
        days = [f"{_NTH_UK[rule.position][day in _FEMININE]} {_OF_UK[day]}" for day in rule.weekdays]
        return f"{step}, {' або '.join(days)}"
    if not rule.weekdays:
        return step
    if rule.interval == 1:
        return _joined([_EACH_UK[day] for day in rule.weekdays], "та")
    return f"{step} {_joined([_ON_UK[day] for day in rule.weekdays], 'та')}"


def _end_uk(rule: Rule) -> str:
    if rule.count is not None:
        return f"{rule.count} {plural_uk(rule.count, 'раз', 'рази', 'разів')}"
    return f"до {rule.until:%d.%m.%Y}"


def _days_en(rule: Rule) -> str:
    unit = _UNITS_EN[rule.frequency]
    step = f"every {unit}" if rule.interval == 1 else f"every {rule.interval} {unit}s"
    if rule.month_day is not None:
        return f"{step} on {'the last day' if rule.month_day == -1 else f'day {rule.month_day}'}"
    days = _joined([_DAYS_EN[day] for day in rule.weekdays], "and")
    if rule.position is not None:
        return f"{step} on the {_NTH_EN[rule.position]} {days.replace(' and ', ' or ')}"
    if not days:
        return step
    return f"every {days}" if rule.interval == 1 else f"{step} on {days}"


def _end_en(rule: Rule) -> str:
    if rule.count is not None:
        return "once" if rule.count == 1 else f"{rule.count} times"
    return f"until {rule.until:%d.%m.%Y}"


def _joined(words: list[str], last: str) -> str:
    return f" {last} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
