"""The facts behind the demo data: the network at the end of 2019, what it held, and what such a network would plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from lms.directory.models import OrganisationKind as Of
from lms.directory.models import OrganisationStatus
from lms.schedule.models import Kind


@dataclass(frozen=True, slots=True)
class OrganisationFact:
    """An organisation; `member_from` is when its endpoint joined the network, as far as that is known."""

    code: str
    kind: Of
    name_uk: str
    name_en: str
    member_from: date | None = None
    status: OrganisationStatus = OrganisationStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class OccurrenceFact:
    """An occurrence: titles, what is said of it, and who takes part (codes of organisations)."""

    title: str
    title_en: str
    description: str = ""
    description_en: str = ""
    starts_local: datetime | None = None
    minutes: int = 90
    kind: Kind = Kind.CONSULTATION
    experts: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    listed: bool = True
    agenda: tuple[tuple[str, str, int], ...] = ()


_FIRST = date(2018, 6, 17)
_NETWORK = date(2019, 12, 31)

ORGANISATIONS = (
    OrganisationFact("kyiv", Of.ASC, "ЦНАП м. Києва", "Kyiv ASC", _NETWORK),
    OrganisationFact("lviv", Of.ASC, "ЦНАП м. Львова", "Lviv ASC", _NETWORK),
    OrganisationFact("lutsk", Of.ASC, "ЦНАП м. Луцька", "Lutsk ASC", _NETWORK),
    OrganisationFact("sumy", Of.ASC, "ЦНАП м. Сум", "Sumy ASC", _NETWORK),
    OrganisationFact("vinnytsia", Of.ASC, "ЦНАП м. Вінниці", "Vinnytsia ASC", _NETWORK),
    OrganisationFact("rivne", Of.ASC, "ЦНАП м. Рівного", "Rivne ASC", date(2020, 1, 1)),
    OrganisationFact("kharkiv", Of.ASC, "ЦНАП м. Харкова", "Kharkiv ASC", _NETWORK),
    OrganisationFact(
        "lysychansk", Of.ASC, "ЦНАП м. Лисичанська", "Lysychansk ASC", _FIRST, OrganisationStatus.RELOCATED
    ),
    OrganisationFact("ivano-frankivsk", Of.ASC, "ЦНАП м. Івано-Франківська", "Ivano-Frankivsk ASC", _NETWORK),
    OrganisationFact(
        "severodonetsk", Of.ASC, "ЦНАП м. Сєвєродонецька", "Severodonetsk ASC", None, OrganisationStatus.RELOCATED
    ),
    OrganisationFact("kremenchuk", Of.ASC, "ЦНАП м. Кременчука", "Kremenchuk ASC"),
    OrganisationFact(
        "association",
        Of.ASSOCIATION,
        "Всеукраїнська асоціація ЦНАП",
        "All-Ukrainian Association of ASCs",
    ),
    OrganisationFact("project-office", Of.PROJECT, "Проєктний офіс", "Project office", _NETWORK),
    OrganisationFact(
        "mindigital",
        Of.MINISTRY,
        "Міністерство цифрової трансформації України",
        "Ministry of Digital Transformation of Ukraine",
        _NETWORK,
    ),
    OrganisationFact("minjust", Of.MINISTRY, "Міністерство юстиції України", "Ministry of Justice of Ukraine"),
    OrganisationFact(
        "minsocial", Of.MINISTRY, "Міністерство соціальної політики України", "Ministry of Social Policy of Ukraine"
    ),
    OrganisationFact(
        "migration-service", Of.MINISTRY, "Державна міграційна служба України", "State Migration Service of Ukraine"
    ),
    OrganisationFact(
        "regulatory-service", Of.MINISTRY, "Державна регуляторна служба України", "State Regulatory Service of Ukraine"
    ),
    OrganisationFact(
        "nais",
        Of.STATE_ENTERPRISE,
        "ДП «Національні інформаційні системи»",
        "State Enterprise “National Information Systems”",
    ),
)

ZONE = "Europe/Kyiv"
DEMO_ENDPOINTS = ("kyiv", "lviv", "sumy")
ENDPOINT_LABEL = "Зала нарад"
ENDPOINTS_2019 = ("kyiv", "lviv", "lutsk", "sumy", "vinnytsia", "kharkiv", "lysychansk", "ivano-frankivsk")

PAST = (
    OccurrenceFact(
        "Перша онлайн-зустріч мережі",
        "The network's first online meeting",
        starts_local=datetime(2018, 6, 17, 11, 0),
        minutes=60,
        kind=Kind.MEETING,
        participants=("project-office", "lysychansk"),
    ),
    OccurrenceFact(
        "Робота з мобільним кейсом",
        "Working with the mobile digital case",
        "Демонстрація обладнання наживо та робота в групах: кожна група склала дорожню карту для свого міста.",
        "A live demonstration of the equipment, and group work: each group wrote a road map for its town.",
        datetime(2019, 5, 21, 10, 0),
        240,
        Kind.TRAINING,
        participants=("lysychansk", "severodonetsk"),
        agenda=(
            ("Призначення мобільного кейсу, організація роботи", "What the mobile case is for, and how to work", 60),
            ("Випробування обладнання", "Trying the equipment", 60),
            ("Робота в групах: дорожня карта міста", "Group work: a road map for the town", 120),
        ),
    ),
    *(
        OccurrenceFact(
            f"Надихаюче лідерство: зустріч {number}",
            f"Inspirational Leadership: part {number}",
            starts_local=day,
            minutes=120,
            kind=Kind.TRAINING,
            participants=ENDPOINTS_2019,
        )
        for number, day in enumerate(
            (datetime(2019, 8, 19, 10, 0), datetime(2019, 8, 22, 10, 0), datetime(2019, 9, 11, 10, 0)), start=1
        )
    ),
    OccurrenceFact(
        "Паспорти та реєстрація місця проживання",
        "Passports and residence registration",
        starts_local=datetime(2019, 11, 20, 10, 0),
        experts=("migration-service",),
        participants=ENDPOINTS_2019,
    ),
    OccurrenceFact(
        "Протоколи про адміністративні правопорушення",
        "Administrative-offence reports",
        starts_local=datetime(2019, 11, 27, 10, 0),
        experts=("regulatory-service",),
        participants=ENDPOINTS_2019,
    ),
    OccurrenceFact(
        "Публічні послуги та цифрова трансформація",
        "Public services and digital transformation",
        starts_local=datetime(2019, 12, 4, 10, 0),
        experts=("mindigital",),
        participants=ENDPOINTS_2019,
    ),
    OccurrenceFact(
        "Акти цивільного стану та речові права на нерухоме майно",
        "Civil status acts and real property rights",
        starts_local=datetime(2019, 12, 11, 10, 0),
        experts=("minjust", "nais"),
        participants=ENDPOINTS_2019,
    ),
    OccurrenceFact(
        "Соціальні послуги через ЦНАП",
        "Social services through ASCs",
        starts_local=datetime(2019, 12, 18, 10, 0),
        experts=("minsocial",),
        participants=ENDPOINTS_2019,
    ),
    OccurrenceFact(
        "Автоматизація реєстрації місця проживання: практичні кейси 4 міст",
        "Automation of residence registration: practical cases of 4 cities",
        "Практики Кременчука, Лисичанська, Харкова та Львова. Трансляцію переглянули понад 1250 осіб.",
        "Practitioners of Kremenchuk, Lysychansk, Kharkiv and Lviv. More than 1,250 people watched the stream.",
        datetime(2020, 4, 29, 11, 0),
        120,
        Kind.WEBINAR,
        experts=("kremenchuk", "lysychansk", "kharkiv", "lviv"),
    ),
)

LIVE = OccurrenceFact(
    "Реєстрація місця проживання: зміни в порядку та питання центрів",
    "Residence registration: what changes, and the centres' questions",
    "Консультація для працівників центрів: що змінюється в порядку реєстрації місця проживання, як діяти в складних "
    "випадках, відповіді на запитання.",
    "A consultation for the centres' staff: what changes in the procedure of residence registration, what to do in "
    "difficult cases, answers to questions.",
    experts=("migration-service",),
    participants=DEMO_ENDPOINTS,
    agenda=(
        ("Вітання, перевірка зв’язку", "Welcome, checking the connection", 5),
        ("Зміни в порядку реєстрації місця проживання", "What changes in residence registration", 25),
        (
            "Складні випадки: реєстрація дитини, гуртожиток, помилка в реєстрі",
            "Difficult cases: a child, a hostel, an error in the register",
            25,
        ),
        ("Запитання центрів", "The centres' questions", 30),
        ("Підсумки", "Summary", 5),
    ),
)

UPCOMING = (
    OccurrenceFact(
        "Адміністративні послуги соціального характеру: практика приймання документів",
        "Social services: accepting documents in practice",
        "Які документи приймає центр, які дані є в реєстрах, типові помилки.",
        "Which documents a centre accepts, which data the registers hold, common errors.",
        experts=("minsocial",),
        participants=ENDPOINTS_2019,
        agenda=(
            ("Перелік послуг і документів", "Services and documents", 30),
            ("Типові помилки", "Common errors", 30),
            ("Запитання", "Questions", 30),
        ),
    ),
    OccurrenceFact(
        "Державна реєстрація актів цивільного стану в центрі",
        "Registering civil status acts at a centre",
        experts=("minjust", "nais"),
        participants=ENDPOINTS_2019,
    ),
    OccurrenceFact(
        "Обмін досвідом: робота віддалених робочих місць",
        "Exchange of experience: remote workplaces",
        "Досвід Вінниці та Луцька: обладнання, графік, навчання працівників.",
        "The experience of Vinnytsia and Lutsk: equipment, working hours, training of staff.",
        kind=Kind.EXCHANGE,
        minutes=60,
        experts=("vinnytsia", "lutsk"),
        participants=("kyiv", "lviv", "sumy", "rivne"),
    ),
)
