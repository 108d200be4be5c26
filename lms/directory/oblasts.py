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


OBLAST_CODES = {
    "Автономна Республіка Крим": "UA01000000000013043",
    "Вінницька область": "UA05000000000010236",
    "Волинська область": "UA07000000000024379",
    "Дніпропетровська область": "UA12000000000090473",
    "Донецька область": "UA14000000000091971",
    "Житомирська область": "UA18000000000041385",
    "Закарпатська область": "UA21000000000011690",
    "Запорізька область": "UA23000000000064947",
    "Івано-Франківська область": "UA26000000000069363",
    "Київська область": "UA32000000000030281",
    "Кіровоградська область": "UA35000000000016081",
    "Луганська область": "UA44000000000018893",
    "Львівська область": "UA46000000000026241",
    "Миколаївська область": "UA48000000000039575",
    "Одеська область": "UA51000000000030770",
    "Полтавська область": "UA53000000000028050",
    "Рівненська область": "UA56000000000066151",
    "Сумська область": "UA59000000000057109",
    "Тернопільська область": "UA61000000000060328",
    "Харківська область": "UA63000000000041885",
    "Херсонська область": "UA65000000000030969",
    "Хмельницька область": "UA68000000000099709",
    "Черкаська область": "UA71000000000010357",
    "Чернівецька область": "UA73000000000044923",
    "Чернігівська область": "UA74000000000025378",
    "місто Київ": "UA80000000000093317",
    "місто Севастополь": "UA85000000000065278",
}
"""Ukrainian name → code of the national classifier of territories, KATOTTG (order 290 of 26 November 2020)."""
