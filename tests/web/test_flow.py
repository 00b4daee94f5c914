"""The pages with the pictures of the rules: each is there, and whoever cannot see the picture is told the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask

from triage.knowledge import Knowledge
from triage.web import create_app

from .conftest import Page, Person


@pytest.fixture(scope="module")
def visits(app: Flask) -> list[Page]:
    """The page of everyone and of each deposit, every one audited on the way."""
    person = Person(app, app.extensions["assessor"].knowledge)
    return [person.get(path) for path in paths(person.knowledge)]


def paths(knowledge: Knowledge) -> Iterator[str]:
    """The addresses of all pictures."""
    yield "/flow/everyone"
    yield from (f"/flow/{deposit}" for deposit in knowledge.deposits)


def words(tag: Tag) -> str:
    """What stands there, as running text."""
    return re.sub(r"\s+", " ", tag.get_text(" ", strip=True))


def section(page: Page, name: str) -> Tag:
    """One of the two sections of a page."""
    found = page.soup.select_one(f".{name}")
    assert found is not None
    return found


def spoken(text: str) -> str:
    """The words of a text and nothing between them."""
    return " ".join(re.findall(r"\w+", text))


def drawn(page: Page) -> Iterator[str]:
    """What stands in each box of the picture, but for the letters in round frames."""
    for box in section(page, "flow-picture").select("g"):
        yield " ".join(words(line) for line in box.select("text:not(.flow-chip)"))


def test_there_is_a_page_with_a_picture_for_everyone_and_for_every_deposit(visits: list[Page], person: Person) -> None:
    for page in visits:
        assert page.status == 200
        assert section(page, "flow-picture").select("svg")
    for deposit, page in zip(person.knowledge.deposits.values(), visits[1:], strict=True):
        assert page.h1.startswith(deposit.place)


def test_whoever_cannot_see_the_picture_is_told_the_same(visits: list[Page]) -> None:
    for page in visits:
        told = spoken(words(section(page, "flow-words")))
        for text in drawn(page):
            text = re.sub(r"^\d+\. ", "", text).replace("(continued)", "")
            assert spoken(text) in told, (page.h1, text)


def test_the_words_follow_the_same_order_as_the_picture(visits: list[Page]) -> None:
    for page in visits:
        headings = {
            name: [words(heading) for heading in section(page, name).select("h3")]
            for name in ("flow-words", "flow-picture")
        }
        assert headings["flow-words"] == headings["flow-picture"]


def test_every_picture_has_a_name_and_says_where_its_words_are(visits: list[Page]) -> None:
    for page in visits:
        in_words = section(page, "flow-words").h2
        assert in_words is not None
        for picture in page.soup.select("svg"):
            name, where = (page.soup.find(id=target) for target in str(picture["aria-labelledby"]).split())
            assert picture["role"] == "img"
            assert name is not None and name.name == "title" and words(name)
            assert where is not None and where.name == "desc" and words(in_words) in words(where)


def test_the_picture_can_be_moved_sideways_with_the_keyboard(visits: list[Page]) -> None:
    for page in visits:
        (region,) = page.soup.select("[role=region]")
        assert (region["tabindex"], bool(region["aria-label"])) == ("0", True)
        assert region.select("svg") == page.soup.select("svg")


def test_urgency_is_told_by_words_and_shape_and_not_by_colour_alone(visits: list[Page], person: Person) -> None:
    labels = {urgency.word: disposition.label for urgency, disposition in person.knowledge.dispositions.items()}
    shapes: dict[str, set[str]] = {}
    for page in visits:
        for box in page.soup.select("g.flow-box"):
            kind = str(box["class"][1]).removeprefix("flow-box--")
            if kind in labels:
                first, shape = box.select_one("text"), box.select_one("polygon")
                assert first is not None and shape is not None
                assert words(first) == labels[kind]
                shapes.setdefault(kind, set()).add(str(shape["points"]))
    assert shapes.keys() == labels.keys()
    assert len(set().union(*shapes.values())) == len(labels)


def test_the_list_names_every_place_in_its_group(person: Person) -> None:
    page = person.get("/flow")
    links = {str(link["href"]): words(link) for link in page.soup.select("main li a")}
    assert list(links) == [*paths(person.knowledge)][:1] + [
        f"/flow/{option.id}" for option in person.knowledge.questions[person.knowledge.place_question].options
    ]
    for deposit in person.knowledge.deposits.values():
        link = page.soup.select_one(f'a[href="/flow/{deposit.id}"]')
        assert link is not None and words(link) == deposit.place
        heading = link.find_previous("h2")
        assert isinstance(heading, Tag) and words(heading) == deposit.group


def test_the_pictures_are_found_from_the_page_about_the_guide(person: Person) -> None:
    assert any(link["href"] == "/flow" for link in person.get("/about").soup.select("main a"))


@pytest.mark.parametrize("path", ["/flow/nowhere", "/flow/", "/flow/Everyone", "/flow/%00", "/flow/not-sure/x"])
def test_another_address_is_the_ordinary_page_that_does_not_exist(person: Person, path: str) -> None:
    page = person.get(path)
    assert page.status == 404
    assert page.h1 == "This page does not exist"


def test_the_pages_say_what_the_rules_say_whatever_folder_they_come_from(tiny_rules: object) -> None:
    app = create_app({}, tiny_rules.folder)  # type: ignore[attr-defined]
    soup = BeautifulSoup(app.test_client().get("/flow/chalk-toe").text, "html.parser")
    picture = soup.select_one(".flow-picture")
    assert picture is not None
    assert "See it." in words(picture) and "toe-sudden" in words(picture)
