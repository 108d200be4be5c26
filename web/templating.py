"""Pages from templates: Jinja2 with a translation function, the client's files and dates in the reader's words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, nodes, select_autoescape
from jinja2.bccache import Bucket
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from web import csrf
from web.assets import Assets
from web.i18n import LANGUAGES, translations
from web.languages import language_names

TEMPLATES = Path(__file__).parent / "templates"


LINES = 1024
"""So many lines of lists are kept as they were written, in each language."""


class Compiled(BytecodeCache):
    """Keeps what templates were compiled to: every app of one process shares it."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, CodeType | None]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket if the template's text is still the same."""
        checksum, code = self._kept.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._kept[bucket.key] = (bucket.checksum, bucket.code)


_COMPILED = {language: Compiled() for language in LANGUAGES}


class _Sentences(NodeTransformer):
    """Puts the translation in the place of every sentence that stands in a template as it is."""

    def __init__(self, language: str) -> None:
        self._translate = translations(language).gettext

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - the name that Jinja asks for
        """`_("Schedule")`: what the page's language says. With variables it is left to be said when it is rendered."""
        self.generic_visit(node)
        named = isinstance(node.node, nodes.Name) and node.node.name == "_"
        if not named or node.kwargs or node.dyn_args or node.dyn_kwargs or len(node.args) != 1:
            return node
        sentence = node.args[0]
        if not isinstance(sentence, nodes.Const):
            return node
        said = self._translate(sentence.value) % {}  # as Jinja does: a percent sign is written twice
        return nodes.MarkSafeIfAutoescape(nodes.Const(said, lineno=node.lineno), lineno=node.lineno)


class _Environment(Environment):
    """Templates of one language: their sentences are translated once, when a template is compiled."""

    language = ""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = _Sentences(self.language).visit(super()._parse(source, name, filename))
        return tree


class Templates:
    """One Jinja environment per language."""

    def __init__(self, assets: Assets, **shared: Any) -> None:
        self._environments = {language: _environment(language, assets, shared) for language in LANGUAGES}

    def render(self, name: str, language: str, context: dict[str, Any]) -> str:
        """The page as HTML."""
        return self._environments[language].get_template(name).render(context)


def _environment(language: str, assets: Assets, shared: dict[str, Any]) -> Environment:
    environment = _Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        bytecode_cache=_COMPILED[language],
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.language = language
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(_filters(language))
    environment.globals.update(
        shared, language=language, languages=LANGUAGES, asset=assets.entry, local=local, within=within
    )
    environment.globals["_"] = environment.globals["gettext"]
    environment.globals["csrf_field"] = csrf_field
    environment.globals["occurrence_row"] = written_once(environment, "macros.html", "occurrence_row")
    environment.globals["client"] = lambda source: assets.entry(source).tags
    return environment


def written_once(environment: Environment, template: str, macro: str) -> Callable[..., Markup]:
    """A macro of which the same was asked before gives the same again; for one that looks at its arguments alone.

    Lists show the same lines to everybody, and a line takes longer to write than to recognise. The arguments are
    compared by what they hold, so that whatever changes is written anew.
    """
    written: Callable[..., Markup] | None = None

    def write(*arguments: Any, **named: Any) -> Markup:
        nonlocal written
        if written is None:
            written = lru_cache(maxsize=LINES)(getattr(environment.get_template(template).module, macro))
        return written(*arguments, **named)

    return write


def _filters(language: str) -> dict[str, Callable[..., str]]:
    def in_language(uk: str, en: str) -> str:
        """The text in the page's language, or in the other where there is none in this."""
        return (en or uk) if language == "en" else (uk or en)

    def foreign(uk: str, en: str) -> Markup:
        """The attribute for the element that says `either` of the two, where that is not in the page's language."""
        if language == "en":
            return Markup(' lang="uk"') if uk and not en else Markup("")
        return Markup(' lang="en"') if en and not uk else Markup("")

    short = "EEEEEE" if language == "uk" else "EEE"
    return {
        "day": kept(lambda value: format_date(value, "EEEE, d MMMM y", locale=language)),
        "date_short": kept(
            lambda value: format_date(value, "dd.MM.y" if language == "uk" else "d MMM y", locale=language)
        ),
        "date_long": kept(lambda value: format_date(value, "d MMMM y", locale=language)),
        "day_short": kept(lambda value: format_date(value, "d MMMM", locale=language)),
        "month": kept(lambda value: format_date(value, "MMM", locale=language).rstrip(".")),
        "weekday": kept(lambda value: format_date(value, "EEEE", locale=language)),
        "weekday_short": kept(lambda value: format_date(value, short, locale=language)),
        "month_year": kept(lambda value: format_date(value, "LLLL y", locale=language)),
        "clock": kept(lambda value: format_time(value, "HH:mm", locale=language)),
        "moment": kept(lambda value: format_datetime(value, "d MMMM y, HH:mm", locale=language)),
        "either": in_language,
        "foreign": foreign,
        "languages": lambda tags: language_names(tags, language),
        "number": lambda value: format_decimal(value, locale=language),
        "duration": lambda minutes: duration(int(minutes), language),
    }


def kept(write: Callable[[Any], str]) -> Callable[[date], str]:
    """The same, written out once for each day or wall time: Babel parses its pattern anew at every call.

    Zones are left out of account, as they are left out of the text: two equal instants differ on two clocks.
    """
    written = lru_cache(maxsize=4096)(write)

    def say(value: date) -> str:
        return written(value.replace(tzinfo=None) if isinstance(value, datetime) else value)

    return say


def csrf_field(visit: Any) -> Markup:
    """The hidden field by which a form proves that it is ours."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(csrf.FIELD, visit.csrf)


def within(path: str, place: str) -> bool:
    """Whether an address is `place` or lies below it."""
    return path == place or path.startswith(place + "/")


def local(moment: datetime, zone: str = "Europe/Kyiv") -> datetime:
    """An instant as the wall clock of `zone` shows it."""
    return moment.astimezone(ZoneInfo(zone))


def duration(minutes: int, language: str) -> str:
    """`1 год 30 хв`, `45 min`."""
    hours, rest = divmod(int(timedelta(minutes=minutes).total_seconds() // 60), 60)
    words = {"uk": ("год", "хв"), "en": ("h", "min")}[language]
    parts = [f"{hours}\u00a0{words[0]}"] if hours else []
    if rest or not hours:
        parts.append(f"{rest}\u00a0{words[1]}")
    return " ".join(parts)
