"""The regions of Ukraine by their official names (Constitution, article 133), with English names for pages."""

from __future__ import annotations

OBLASTS = {
    "Автономна Республіка Крим": "Autonomous Republic of Crimea",
    "Вінницька область": "Vinnytsia oblast",
    "Волинська область": "Volyn oblast",
    "Дніпропетровська область": "Dnipropetrovsk oblast",
    "Донецька область": "Donetsk oblast",
    "Житомирська область": "Zhytomyr oblast",
    "Закарпатська область": "Zakarpattia oblast",
    "Запорізька область": "Zaporizhzhia oblast",
    "Івано-Франківська область": "Ivano-Frankivsk oblast",
    "Київська область": "Kyiv oblast",
    "Кіровоградська область": "Kirovohrad oblast",
    "Луганська область": "Luhansk oblast",
    "Львівська область": "Lviv oblast",
    "Миколаївська область": "Mykolaiv oblast",
    "Одеська область": "Odesa oblast",
    "Полтавська область": "Poltava oblast",
    "Рівненська область": "Rivne oblast",
    "Сумська область": "Sumy oblast",
    "Тернопільська область": "Ternopil oblast",
    "Харківська область": "Kharkiv oblast",
    "Херсонська область": "Kherson oblast",
    "Хмельницька область": "Khmelnytskyi oblast",
    "Черкаська область": "Cherkasy oblast",
    "Чернівецька область": "Chernivtsi oblast",
    "Чернігівська область": "Chernihiv oblast",
    "місто Київ": "city of Kyiv",
    "місто Севастополь": "city of Sevastopol",
}
"""Ukrainian name → English name, in alphabetical order; the two cities with special status last."""

_SHORT = {
    name.replace(" область", "").replace("місто ", "").replace("Автономна Республіка ", "").lower(): name
    for name in OBLASTS
}
_FILLERS = ("область", "обл.", "обл", "oblast", "region", "місто", "м.", "автономна республіка", "ар", "city of")


def oblast_named(text: str) -> str | None:
    """The official name for what somebody wrote ("Львівська обл.", "Lviv oblast", "м. Київ"); None if it is none."""
    plain = " ".join(text.replace("’", "'").split()).lower()
    for name, english in OBLASTS.items():
        if plain in (name.lower(), english.lower()):
            return name
    words = [word for word in plain.split() if word not in _FILLERS]
    short = " ".join(words)
    if short in _SHORT:
        return _SHORT[short]
    return next((name for name, english in OBLASTS.items() if english.lower().split()[0] == short), None)
