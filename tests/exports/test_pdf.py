"""The sheet as a PDF: tagged, the same bytes for the same sheet, two sizes and two papers, and only words as data."""

from __future__ import annotations

import io
import os
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pypdf import PdfReader

from triage.errors import ExportError
from triage.exports import pdf, typesetting
from triage.journey import with_usual
from triage.sheet import frame, make_sheet

MADE = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def sheet(knowledge, assessor):
    """The sheet of somebody who gives the usual answers."""
    path = with_usual(knowledge, {})
    return make_sheet(knowledge, assessor.assess(path.findings), path, {}, today=MADE.date())


@pytest.fixture(scope="module")
def around(knowledge):
    """What stands around it in a clinic."""
    return frame(knowledge, {}, MADE, "The house on the hill · +44 20 7946 0123")


def read(content):
    return PdfReader(io.BytesIO(content))


def text(reader):
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def tags(reader):
    """The kinds of everything in the tree of tags, in its order."""

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for inner in node:
                yield from walk(inner)
        elif isinstance(node, dict):
            if "/S" in node:
                yield str(node["/S"])
            if "/K" in node:
                yield from walk(node["/K"])

    return list(walk(reader.trailer["/Root"]["/StructTreeRoot"]))


def test_a_screen_reader_finds_the_title_the_language_the_headings_and_the_lists(sheet, around):
    reader = read(pdf.make_pdf(sheet, around, MADE))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and str(root["/Lang"]).startswith("en")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == "Your sheet about calcium deposits"
    assert "<pdfuaid:part>1" in root["/Metadata"].get_data().decode()
    found = tags(reader)
    assert found.count("/H1") == 1 and {"/H2", "/L", "/LI", "/LBody", "/Link"} <= set(found)
    assert found.count("/Link") == sum(
        page.get("/Annots") is not None and len(page["/Annots"]) for page in reader.pages
    )


@pytest.mark.parametrize(("size", "points"), [("standard", 12), ("large", 18)])
@pytest.mark.parametrize(("paper", "width"), [("a4", 595), ("letter", 612)])
def test_it_is_as_large_as_was_asked_and_carries_its_letters_along(sheet, around, size, points, paper, width):
    reader = read(pdf.make_pdf(sheet, around, MADE, size, paper))
    assert int(reader.pages[0].mediabox.width) == width
    sizes = []
    step = sheet.steps[0].text[:12]
    reader.pages[0].extract_text(
        visitor_text=lambda said, _, matrix, font, at: sizes.append(round(at * matrix[0])) if step[:5] in said else None
    )
    assert points in sizes
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    assert fonts and all("AtkinsonHyperlegible" in str(font["/BaseFont"]) for font in fonts)


def test_each_page_says_which_one_it_is_and_for_which_day(sheet, around):
    reader = read(pdf.make_pdf(sheet, around, MADE, "large"))
    for number, page in enumerate(reader.pages, 1):
        said = " ".join(page.extract_text().split())
        assert f"Page {number} of {len(reader.pages)}" in said
        assert "22 November 2026, 09:30" in said and "For today's symptoms only." in said


def test_the_same_sheet_made_at_the_same_time_is_the_same_file(sheet, around):
    assert pdf.make_pdf(sheet, around, MADE) == pdf.make_pdf(sheet, around, MADE)
    assert pdf.make_pdf(sheet, around, MADE) != pdf.make_pdf(sheet, around, MADE + timedelta(days=1))


def test_words_are_never_read_as_markup(sheet, around):
    odd = '#read("/etc/passwd") *x* $y$ <z> = [#eval("1+1")] \\ // "q"'
    changed = replace(around, clinic=odd, purpose=odd)
    assert "".join(text(read(pdf.make_pdf(sheet, changed, MADE))).split()).count("".join(odd.split())) == 2


def test_the_clinic_and_its_number_stand_at_the_top(sheet, around):
    first = read(pdf.make_pdf(sheet, around, MADE)).pages[0].extract_text()
    assert first.index("The house on the hill · +44 20 7946 0123") < first.index(sheet.heading.text)


def test_a_review_that_is_overdue_is_said_at_the_top_and_else_not_at_all(knowledge, sheet, around):
    late = frame(knowledge, {}, datetime(knowledge.due.year + 1, 1, 1, tzinfo=UTC))
    said = text(read(pdf.make_pdf(sheet, late, MADE)))
    assert said.index(knowledge.notices["overdue"].text) < said.index(sheet.heading.text)
    assert around.overdue == "" and knowledge.notices["overdue"].text not in text(
        read(pdf.make_pdf(sheet, around, MADE))
    )


def test_what_cannot_be_set_is_said_without_a_word_of_the_sheet(sheet, around, monkeypatch, tmp_path):
    (tmp_path / "sheet.typ").write_text("#panic(sys.inputs.data)")
    monkeypatch.setattr(typesetting.resources, "folder", lambda _: tmp_path)
    typesetting._compiler.cache_clear()
    with pytest.raises(ExportError) as caught:
        pdf.make_pdf(sheet, around, MADE)
    typesetting._compiler.cache_clear()
    assert sheet.heading.text not in str(caught.value) and caught.value.__cause__ is None


def test_while_one_process_sets_a_pdf_the_others_refuse_at_once_and_a_killed_one_holds_nobody_up(
    sheet, around, monkeypatch
):
    monkeypatch.setattr(typesetting, "_turn", None)
    typesetting.share_turns()
    ready, begun = os.pipe()
    child = os.fork()
    if not child:
        try:
            with typesetting._a_turn():
                os.write(begun, b"x")
                signal.pause()
        finally:
            os._exit(1)
    try:
        assert os.read(ready, 1) == b"x"
        with pytest.raises(ExportError, match="another one is being set"):
            pdf.make_pdf(sheet, around, MADE)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert pdf.make_pdf(sheet, around, MADE) == pdf.make_pdf(sheet, around, MADE)
