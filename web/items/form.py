"""The editor's form: what was typed is kept whatever is wrong, also over a push of its buttons and over a conflict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

from lms.assessment.content import Body, ItemKind
from lms.assessment.drafts import ItemDraft
from lms.assessment.queries import ItemPage
from lms.assessment.tags import AUDIENCE, LEVEL, MOST, TOPIC, Tag
from lms.assessment.tags import read as read_tags
from lms.errors import Invalid, Refusal
from web import forms
from web.items import rows, shape
from web.items.making import Faults, Maker
from web.items.rows import Row

_COMMON = ("code", "family", "language", "title", "text", "feedback", "topics", "edit")


@dataclass
class ItemTyped:
    """An item as it stands in the form."""

    kind: ItemKind
    values: dict[str, Any] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    focus: str = ""
    """The row that a button was about: the page goes on there."""

    @property
    def tables(self) -> rows.Tables:
        """The tables of this kind, and that of competences."""
        return shape.TABLES[self.kind] | {"competences": shape.COMPETENCES}

    @classmethod
    def empty(cls, kind: ItemKind, language: str = "uk") -> ItemTyped:
        """A new one."""
        common: dict[str, Any] = dict.fromkeys(_COMMON, "") | {"language": language, "levels": [], "audiences": []}
        return cls(kind, common | shape.empty(kind) | {"competences": [{"tag": ""}]})

    @classmethod
    def saved(cls, page: ItemPage) -> ItemTyped:
        """As it is kept."""
        card = page.card
        own = {"code": card.code, "language": card.language, "edit": str(page.lock_version)}
        family = card.family if card.family != card.code else ""
        return cls._of(page.body, card.tags, own | {"family": family})

    @classmethod
    def copied(cls, page: ItemPage, language: str = "") -> ItemTyped:
        """A new one like another; in another language: its translation, in the same family."""
        card = page.card
        if not language:
            return cls._of(page.body, card.tags, {"code": "", "family": "", "language": card.language, "edit": ""})
        own = {"code": f"{card.family}-{language}"[:64], "family": card.family, "language": language, "edit": ""}
        return cls._of(page.body, card.tags, own)

    @classmethod
    def _of(cls, body: Body, tags: tuple[Tag, ...], own: dict[str, str]) -> ItemTyped:
        named = [tag for tag in tags if tag.scheme not in {LEVEL, AUDIENCE, TOPIC}]
        common: dict[str, Any] = {
            **own,
            "title": body.title,
            "text": body.text,
            "feedback": body.feedback,
            "topics": "; ".join(tag.value for tag in tags if tag.scheme == TOPIC),
            "levels": [tag.value for tag in tags if tag.scheme == LEVEL],
            "audiences": [tag.value for tag in tags if tag.scheme == AUDIENCE],
            "competences": [{"tag": str(tag)} for tag in named] or [{"tag": ""}],
        }
        return cls(body.kind, common | shape.of_body(body))

    @classmethod
    def sent(cls, form: FormData) -> ItemTyped:
        """What was sent. Raises `Invalid` (input_invalid) for a kind that there is not."""
        kind = forms.text(form, "kind")
        if kind not in set(ItemKind):
            raise Invalid("input_invalid", "There is no such kind of item.", "kind")
        typed = cls(ItemKind(kind))
        names = (*_COMMON, *shape.WORDS[typed.kind])
        typed.values = {
            **{name: rows.written(form, name) for name in names},
            **{
                name: [each for each in form.getlist(name) if isinstance(each, str)] for name in ("levels", "audiences")
            },
            **rows.read(form, typed.tables),
        }
        shape.filled_in(typed.kind, typed.values)
        return typed

    def act(self, what: str) -> None:
        """Do what a button says."""
        before = len(self.values.get("blanks", ()))
        self.focus = rows.act(self.values, self.tables, what)
        shape.filled_in(self.kind, self.values)
        for blank in self.values.get("blanks", [])[before:]:
            mark = f"[[{blank['id']}]]"
            if mark not in self.values["text"]:
                self.values["text"] = f"{self.values['text'].rstrip()} {mark}".lstrip()

    def body(self) -> Body | None:
        """The body; None with `faults` filled."""
        maker = Maker(self.kind, self.values)
        made = maker.body()
        for name, told in maker.faults.found.items():
            for code, value in told:
                self.faults.add(name, code, value)
        return made

    def draft(self, schemes: frozenset[str]) -> ItemDraft | None:
        """For the domain; None with `faults` filled."""
        body, tags = self.body(), self._tags(schemes)
        if body is None or self.faults.found:
            return None
        values = self.values
        return ItemDraft(
            body,
            values["language"],
            tuple(tags),
            values["code"].strip(),
            values["family"].strip(),
        )

    def refuse(self, refused: Refusal, known: frozenset[str] = frozenset({"code", "family", "language"})) -> bool:
        """Show a refusal of the domain at its field; False if it is about none."""
        if refused.field not in known:
            return False
        self.faults.add(refused.field, refused.code)
        return True

    def _tags(self, schemes: frozenset[str]) -> list[Tag]:
        """Each of them as it was chosen; what the domain would leave out is an error here, never lost."""
        found: list[Tag] = []
        groups: list[tuple[str, list[str]]] = [
            (f"competences-{number}-tag", [row["tag"]] if row["tag"] else [])
            for number, row in enumerate(self.values["competences"])
        ]
        groups.append(("levels", [f"{LEVEL}:{each}" for each in self.values["levels"]]))
        groups.append(("audiences", [f"{AUDIENCE}:{each}" for each in self.values["audiences"]]))
        topics = [each.strip() for each in self.values["topics"].split(";") if each.strip()]
        groups.append(("topics", [f"{TOPIC}:{each}" for each in topics]))
        for name, words in groups:
            tags, said = read_tags(words, schemes)
            if said or any(tag.scheme == TOPIC for tag in tags) != (name == "topics" and bool(tags)):
                self.faults.add(name, "tag")
            found += [tag for tag in tags if tag not in found]
        if len(found) > MOST:
            self.faults.add("topics", "tags_many")
        return found


def named(row: Row, name: str) -> str:
    """A field of a row, for templates."""
    return str(row.get(name, ""))
