"""The document itself: tagged, in two languages, with long words, its code read off the rendered page."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from lms.credentials import checking, documents
from lms.credentials.documents import AchievementFacts, IssuerFacts, Snapshot
from tests.lms.credentials import samples
from tests.lms.credentials.samples import Known
from web import certificate_documents

LONG_HOLDER = "Прізвище-Подвійне-П’ятигорська Мар’яна-В’ячеславівна Олександрівна-Святославівна"
LONG_ISSUER = "Державна установа «Всеукраїнський об’єднаний центр навчання працівників центрів надання послуг " * 2
WORDS = ("цифрової", "взаємодії", "об’єднаних", "територіальних", "громад", "і", "забезпечення", "прав’я")


def given(**changes: Any) -> Snapshot:
    """A certificate with everything on it."""
    facts: dict[str, Any] = {
        "funder": "Проєкт «Цифрові, стійкі громади» Програми розвитку",
        "funder_en": "Project “Digital, Inclusive, Accessible”",
    }
    achievement = AchievementFacts(
        **{
            **{name: getattr(samples.snapshot().achievement, name) for name in AchievementFacts.__slots__},
            **facts,
            **changes.pop("achievement", {}),
        }
    )
    result = {"key": "total", "name": "Тест / Test", "value": "83", "required": "60"}
    return samples.snapshot(achievement=achievement, results=[result], **changes)


def made(snapshot: Snapshot) -> tuple[PdfReader, Any, bytes]:
    """The document as a reader and as a rendered page, 144 dots an inch."""
    credential = json.dumps(samples.signed(snapshot))
    content = certificate_documents.pdf(snapshot, credential, 3, sealed=True)
    pages = pypdfium2.PdfDocument(content)
    assert len(pages) == 1, "one page, whatever stands on it"
    return PdfReader(BytesIO(content)), pages[0].render(scale=2).to_pil(), content


def text_of(document: PdfReader) -> str:
    return " ".join(document.pages[0].extract_text().split())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {
            "demo": True,
            "signatory": "О. Підпис",
            "signatory_position": "Посада " * 30,
            "valid_until": "2028-01-01T00:00:00Z",
        },
        {
            "holder": LONG_HOLDER,
            "holder_en": "Mariana-Viacheslavivna Pryzvyshche-Podviine-Piatyhorska",
            "issuer": IssuerFacts(samples.ISSUER.id, LONG_ISSUER.strip(), samples.SITE),
            "signatory": "О. Підпис-Подвійний",
            "signatory_position": "Заступниця голови правління об’єднання центрів",
            "signatory_position_en": "Deputy head of the board of the association of service centres",
            "valid_until": "2028-01-01T00:00:00Z",
            "achievement": {
                "name": " ".join(WORDS * 5)[:300],
                "name_en": "Digital interaction of united communities " * 7,
                "criteria": " ".join(WORDS * 40),
                "criteria_en": "Present and active at all dates. " * 60,
                "funder": "Фонд " * 60,
                "funder_en": "Fund " * 60,
            },
        },
    ],
    ids=["plain", "demonstration", "long"],
)
def test_one_page_tagged_and_its_code_read_off_the_picture(changes: dict[str, Any]) -> None:
    snapshot = given(**changes)
    document, picture, content = made(snapshot)
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.text == f"{snapshot.id}?e=3"
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1<" in metadata
    assert "<pdfaid:part>3<" in metadata
    assert structure_of(root["/StructTreeRoot"]) >= {"/H1", "/P", "/Figure", "/Link"}
    text = text_of(document)
    for words in (snapshot.number, snapshot.holder.split()[0], "За підтримки:", "With the support of:", "83 %", "0,2"):
        assert words in text, words
    assert checking.check(content, Known(), samples.NOW).valid, "the credential in it is the certificate's"


def structure_of(node: Any) -> set[str]:
    """The kinds of structure elements below a node."""
    node = node.get_object()
    if isinstance(node, list):
        return set().union(*(structure_of(each) for each in node))
    if not hasattr(node, "get"):
        return set()
    found = {str(node["/S"])} if "/S" in node else set()
    if "/S" in node and str(node["/S"]) == "/Figure":
        assert node["/A"] or node["/Alt"]
    return found | (structure_of(node["/K"]) if "/K" in node else set())


def figures_of(node: Any) -> list[str]:
    """The words for pictures below a node."""
    node = node.get_object()
    if isinstance(node, list):
        return [words for each in node for words in figures_of(each)]
    if not hasattr(node, "get"):
        return []
    own = [str(node["/Alt"])] if "/Alt" in node else []
    return own + (figures_of(node["/K"]) if "/K" in node else [])


def test_a_project_stands_on_it_with_its_logo_and_what_the_logo_shows() -> None:
    project = {
        "name": "Цифрові послуги",
        "name_en": "Digital services",
        "number": "UNDP-00123",
        "statement": "За підтримки Уряду Великої Британії",
        "statement_en": "Supported by the Government of the United Kingdom",
        "logo": "0" * 64,
        "logo_alt": "Прапор Великої Британії / Flag of the United Kingdom",
    }
    snapshot = given(achievement={"project": project})
    picture = BytesIO()
    Image.new("RGBA", (300, 120), (200, 16, 46, 255)).save(picture, "PNG")
    credential = json.dumps(samples.signed(snapshot))
    content = certificate_documents.pdf(snapshot, credential, 1, picture.getvalue())
    pages = pypdfium2.PdfDocument(content)
    assert len(pages) == 1
    reader: Any = PdfReader(BytesIO(content))
    text = text_of(reader)
    for said in (project["statement"], project["statement_en"], "Проєкт «Цифрові послуги», № UNDP-00123"):
        assert said in text
    colours = pages[0].render(scale=1).to_pil().convert("RGB").getcolors(1 << 24)
    assert any(count > 300 and colour == (200, 16, 46) for count, colour in colours), "the logo is seen"
    assert project["logo_alt"] in figures_of(reader.trailer["/Root"]["/StructTreeRoot"])
    subject = documents.credential(snapshot)["credentialSubject"]
    tags = subject["achievement"]["tag"]
    assert tags[1:] == [
        "Цифрові послуги / Digital services (UNDP-00123)",
        "За підтримки Уряду Великої Британії / Supported by the Government of the United Kingdom",
    ]


def test_apostrophes_are_the_letter_that_was_written() -> None:
    document, _picture, _content = made(given())
    assert "П’ятниця" in text_of(document)
    assert documents.credential(given())["credentialSubject"]["achievement"]["tag"] == [
        "Проєкт «Цифрові, стійкі громади» Програми розвитку / Project “Digital, Inclusive, Accessible”"
    ]
