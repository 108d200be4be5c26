"""What is written comes back as it was, or the report says what could not be carried: never a silent loss."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

import pytest
from defusedxml import ElementTree
from hypothesis import HealthCheck, given, settings

from lms.assessment.content import Body, Element, Ordering
from lms.assessment.exchange import importing
from lms.assessment.exchange.exporting import write
from lms.assessment.exchange.parts import Format
from lms.assessment.tags import read as read_tags
from tests.lms.assessment.bodies import BODIES, stored

PACKAGE = "{http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1}"
ITEM = "{http://www.imsglobal.org/xsd/imsqtiasi_v3p0}"
FEW = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def goes_round(body: Body, form: Format) -> None:
    content, report = write([stored(body)], "file", form)
    lines = report.taken + report.changed + report.refused
    assert len(lines) == 1
    if report.refused:
        assert report.refused[0].reasons[0]
        return
    (read,) = importing.read(content, form)
    assert read.refused == ""
    assert read.body is not None
    assert (read.code, read.language) == ("dl-1-1-01", "uk")
    draft, said = importing.draft_of(read, {"digcomp22"}, "en")
    assert draft.tags == tuple(stored(body).tags)
    if not report.changed:
        assert read.body == body
        assert said == []
    else:
        assert read.body.text == body.text


@pytest.mark.parametrize("form", list(Format))
def test_what_goes_out_comes_back(form: Format) -> None:
    @given(BODIES)
    @FEW
    def check(body: Any) -> None:
        goes_round(body, form)

    check()


def test_tags_are_written_as_they_are_read() -> None:
    words = [str(tag) for tag in stored(None).tags]  # type: ignore[arg-type]
    assert read_tags(words, {"digcomp22"}) == (list(stored(None).tags), [])  # type: ignore[arg-type]


def test_a_package_says_what_it_is() -> None:
    """QTI 3.0.1: a manifest, resources of its type, items in its namespace, the standard response templates."""
    item = Ordering(text="?", elements=tuple(Element(id=each, text=each) for each in "ab"), policy="order_exact")
    content, _report = write([stored(item)], "file", Format.QTI)
    with zipfile.ZipFile(BytesIO(content)) as package:
        manifest = ElementTree.fromstring(package.read("imsmanifest.xml"))
        (name,) = (each for each in package.namelist() if each != "imsmanifest.xml")
        root = ElementTree.fromstring(package.read(name))
    assert manifest.findtext(f"{PACKAGE}metadata/{PACKAGE}schemaversion") == "3.0.1"
    (resource,) = manifest.iter(f"{PACKAGE}resource")
    assert (resource.get("type"), resource.get("href")) == ("imsqti_item_xmlv3p0", name)
    assert root.tag == f"{ITEM}qti-assessment-item"
    (processing,) = root.iter(f"{ITEM}qti-response-processing")
    assert processing.get("template") == "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"
