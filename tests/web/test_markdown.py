"""Markdown that people write: what it becomes, and what it can never become."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.markdown import html


def test_what_lessons_are_written_with() -> None:
    made = html("# Назва\n\n## Розділ\n\n| А | Б |\n| --- | --- |\n| 1 | 2 |\n\n- [ ] заряджено\n\n~~ні~~ **так**")
    assert "<h2>Назва</h2>" in made
    assert "<h3>Розділ</h3>" in made
    assert '<div class="table-scroll" tabindex="0"><table class="table">' in made
    assert "<li>☐ заряджено</li>" in made
    assert "<s>ні</s> <strong>так</strong>" in made


def test_a_title_that_the_page_says_already_is_left_out() -> None:
    assert html("# Назва\n\nТекст", without_title="назва") == "<p>Текст</p>\n"
    assert html("# Назва\n\n## Розділ", without_title="назва") == "<h2>Розділ</h2>\n", "no level is left out"
    assert "<h3>В</h3>" in html("# А\n\n#### В"), "nor between two"
    assert "Інша" in html("# Інша\n\nТекст", without_title="назва")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[натисни](javascript:alert(1))",
        "[натисни](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](javascript:alert(1))",
        '<a href="https://example.org" onclick="alert(1)">x</a>',
        "<style>body{display:none}</style>",
        '<iframe src="https://example.org"></iframe>',
    ],
)
def test_script_is_text_at_most(text: str) -> None:
    made = html(text)
    for tag in ("<script", "<iframe", "<style", "<a onclick", '<a href="https://example.org" onclick'):
        assert tag not in made
    for reference in ('href="javascript', 'href="data', 'src="javascript', "<img src=x"):
        assert reference not in made


def test_links_lead_out_without_a_handle_on_our_page() -> None:
    assert 'rel="noopener noreferrer"' in html("[сайт](https://example.org)")


@given(st.text(max_size=300))
def test_whatever_is_written_becomes_harmless_text(text: str) -> None:
    made = str(html(text)).lower()
    assert "<script" not in made
    assert 'href="javascript' not in made
    assert 'src="javascript' not in made
