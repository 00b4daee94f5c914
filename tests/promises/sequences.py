"""A person who does anything, in any order: goes back, sends old pages again, opens tabs, changes, clears, reopens.

The model is a plain dict of answers for each run. After every step, what is shown has to be worked out anew from the
answers that are shown with it, and those have to be the ones that were accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.web.conftest import Page
from triage.assessment import Assessor, without_engine
from triage.journey import Answer, Journey, accept, chosen, follow, sittings, stops
from triage.knowledge import Knowledge, Urgency
from triage.knowledge.model import Question
from triage.verify.people import MOODS, random_answer

MOST_TABS = 4
LOST = "We cannot find your answers"
"""What a page says first when the answers are gone."""

seeds = st.integers(0, 2**20)
places = st.integers(0, 2**10)


def drawn(seed: int) -> Random:
    """Whatever somebody does by chance, the same for the same seed."""
    return Random(seed)  # noqa: S311 - repeatable people, not secrets


@dataclass
class Run:
    """What a run must know. `token` tells its forms from those of before it was cleared."""

    answers: dict[str, Answer] = field(default_factory=dict)
    found: bool = True
    token: int = 1


@dataclass
class Tab:
    """A tab of the browser: the pages that were opened in it, each with the token its run had then."""

    run: str
    history: list[tuple[Page, int]]

    @property
    def page(self) -> Page:
        """What it shows."""
        return self.history[-1][0]


class Sequences(RuleBasedStateMachine):
    """One browser with some tabs. Give a subclass the application."""

    app: ClassVar[Flask]
    checked: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.client = self.app.test_client()
        assessor: Assessor = self.app.extensions["assessor"]
        self.knowledge: Knowledge = assessor.knowledge
        self.runs: dict[str, Run] = {}
        self.tabs: list[Tab] = []
        self.touched = ""

    # -- what the person does ------------------------------------------------------------------------------------------

    @initialize(seed=seeds)
    def begins(self, seed: int) -> None:
        """Somebody answers everything, calmly."""
        self.starts()
        self._goes_on(self.tabs[0], drawn(seed), 99)

    @precondition(lambda self: len(self.tabs) < MOST_TABS)
    @rule()
    def starts(self) -> None:
        """A new run in a new tab."""
        page = self._opened(self.client.post("/start", follow_redirects=True))
        run = self._run_of(page)
        self.runs[run] = Run()
        self._tab(run, page)

    @rule(place=places, seed=seeds)
    def answers(self, place: int, seed: int) -> None:
        """Answers the page of a tab and sends it."""
        tab = self._some(place)
        if self._asked(tab.page):
            self._sends(tab, self._anything(tab.page, drawn(seed)))

    @rule(place=places, seed=seeds, pages=st.integers(2, 30))
    def goes_on(self, place: int, seed: int, pages: int) -> None:
        """Answers page after page."""
        self._goes_on(self._some(place), drawn(seed), pages)

    @rule(place=places, seed=seeds, token=st.sampled_from(["", "forged", None]))
    def sends_an_expired_form(self, place: int, seed: int, token: str | None) -> None:
        """The token is wrong or missing."""
        tab = self._some(place)
        if self._asked(tab.page):
            self._sends(tab, self._anything(tab.page, drawn(seed)), {"csrf_token": token})

    @rule(place=places)
    def sends_nothing(self, place: int) -> None:
        """Presses Continue without an answer."""
        tab = self._some(place)
        if self._asked(tab.page):
            self._sends(tab, {})

    @rule(place=places, many=st.integers(1, 5))
    def goes_back(self, place: int, many: int) -> None:
        """The browser's back button; it shows the page as it was."""
        tab = self._some(place)
        del tab.history[max(1, len(tab.history) - many) :]
        self.touched = tab.run

    @rule(place=places, which=places, seed=seeds)
    def sends_an_old_page_again(self, place: int, which: int, seed: int) -> None:
        """Any page that was ever open in a tab, with the answers it had or with others."""
        tab = self._some(place)
        forms = [old for old in tab.history if self._asked(old[0])]
        if forms:
            old = forms[which % len(forms)]
            tab.history.append(old)
            draw = drawn(seed)
            self._sends(tab, self._as_it_stands(old[0]) if seed % 3 == 0 else self._anything(old[0], draw))

    @precondition(lambda self: len(self.tabs) < MOST_TABS)
    @rule(place=places)
    def opens_a_second_tab(self, place: int) -> None:
        """The same page twice."""
        tab = self._some(place)
        self.tabs.append(Tab(tab.run, list(tab.history)))

    @rule(place=places, which=places, seed=seeds)
    def changes_an_answer(self, place: int, which: int, seed: int) -> None:
        """By a link of the list of answers; the place more often than others."""
        tab = self._some(place)
        page = self._get(tab, "check")
        links = [str(link["href"]) for link in page.soup.select(".section-head a")] if page.soup.main else []
        if links:
            where = [step.page.id for step in self._path(tab.run).steps]
            asked_for = self.knowledge.questions[self.knowledge.place_question].page
            if seed % 2 and asked_for in where:
                which = where.index(asked_for)
            self._get(tab, links[which % len(links)].rpartition("/")[2])
            self._sends(tab, self._anything(tab.page, drawn(seed)))

    @rule(place=places, number=st.integers(-1, 25))
    def opens_an_address(self, place: int, number: int) -> None:
        """A page by its number, as from the history of the browser."""
        self._get(self._some(place), str(number))

    @rule(place=places, number=st.integers(0, 8))
    def changes_over_to_quick_entry(self, place: int, number: int) -> None:
        """The nurse takes over, or goes back in quick entry."""
        self._get(self._some(place), f"quick/{number}" if number else "quick")

    @rule(place=places)
    def clears(self, place: int) -> None:
        """Presses "Clear my answers"."""
        tab = self._some(place)
        page = self._opened(self.client.post(f"/run/{tab.run}/clear", follow_redirects=True))
        assert page.h1 == "Your answers are cleared"
        self._forgotten(tab)

    @rule(place=places)
    def loses_the_cookie(self, place: int) -> None:
        """Hours later, or the browser was closed."""
        tab = self._some(place)
        self.client.delete_cookie(f"run-{tab.run}", path=f"/run/{tab.run}")
        self._forgotten(tab)

    @rule(place=places)
    def opens_the_code(self, place: int) -> None:
        """Types the code of the sheet; the answers come back in a run of its own."""
        tab = self._some(place)
        page = self._get(tab, "code")
        groups = [group.get_text() for group in page.soup.select(".code__groups span")]
        if groups:
            path = self._path(tab.run)
            opened = self._opened(self.client.post("/open", data={"code": "-".join(groups)}, follow_redirects=True))
            assert opened.h1 == "Check your answers", opened.h1
            run = self._run_of(opened)
            self.runs[run] = Run(dict(path.answers))
            if len(self.tabs) >= MOST_TABS:
                self.tabs.remove(tab)
            self._tab(run, opened)

    # -- what has to hold ----------------------------------------------------------------------------------------------

    @invariant()
    def what_is_shown_is_worked_out_from_the_answers_shown(self) -> None:
        """The list shows what was accepted, and the result is the one of that list."""
        if not self.touched:
            return
        type(self).checked += 1
        model, path = self.runs[self.touched], self._path(self.touched)
        listed = Page(self.client.get(f"/run/{self.touched}/check"))
        result = Page(self.client.get(f"/run/{self.touched}/summary"))
        if not model.found:
            assert listed.status == result.status == 410
            assert listed.h1 == result.h1 == LOST
            return
        if not path.complete:
            assert listed.status == result.status == 303
            return
        shown = self._shown(listed)
        assert shown == dict(path.answers), "the list shows other answers than were accepted"
        again = follow(self.knowledge, shown)
        urgency = Urgency.EMERGENCY if again.stopped else without_engine(self.knowledge, again.findings).urgency
        self._must_say(result, urgency)

    # -- how -----------------------------------------------------------------------------------------------------------

    def _some(self, place: int) -> Tab:
        tab = self.tabs[place % len(self.tabs)]
        self.touched = tab.run
        return tab

    def _tab(self, run: str, page: Page) -> None:
        self.tabs.append(Tab(run, [(page, self.runs[run].token)]))
        self.touched = run

    def _path(self, run: str) -> Journey:
        return follow(self.knowledge, self.runs[run].answers)

    def _opened(self, response: Any) -> Page:
        page = Page(response)
        assert page.status < 500, page.text[:300]
        assert "emergency" in page.html
        return page

    def _run_of(self, page: Page) -> str:
        return str(page.response.request.path).split("/")[2]

    def _forgotten(self, tab: Tab) -> None:
        run = self.runs[tab.run]
        run.answers, run.found = {}, False

    def _renewed(self, run: Run) -> None:
        if not run.found:
            run.found, run.token = True, run.token + 1

    def _get(self, tab: Tab, name: str) -> Page:
        run = self.runs[tab.run]
        page = self._opened(self.client.get(f"/run/{tab.run}/{name}", follow_redirects=True))
        if name.partition("?")[0] in ("1", "quick/1"):
            self._renewed(run)
        tab.history.append((page, run.token))
        if self._asked(page) and page.status == 200:
            kept = {name: chosen(run.answers[name]) for name in page.questions() if name in run.answers}
            shown = {name: tuple(given) for name, given in page.fields().items() if name in page.questions()}
            assert shown == kept, "a question shows another answer than was accepted"
        return page

    def _goes_on(self, tab: Tab, draw: Random, pages: int) -> None:
        mood = draw.choice(("few", "few", "several", "unsure"))
        for _ in range(pages):
            if not self._asked(tab.page):
                return
            before = tab.page
            self._sends(tab, {q.id: random_answer(q, draw, mood) for q in self._asked(tab.page)})
            if tab.page.status != 200 or tab.page.response.request.path == before.response.request.path:
                return

    def _asked(self, page: Page) -> list[Question]:
        return [self.knowledge.questions[name] for name in sorted(page.questions()) if name in self.knowledge.questions]

    def _anything(self, page: Page, draw: Random) -> dict[str, Answer]:
        mood = draw.choice(MOODS)
        given = {asked.id: random_answer(asked, draw, mood) for asked in self._asked(page)}
        stopping = [asked for asked in self._asked(page) if asked.stopping]
        if stopping and draw.random() < 0.1:
            asked = draw.choice(stopping)
            option = draw.choice(sorted(asked.stopping))
            given[asked.id] = (option,) if asked.type == "multi" else option
        return given

    def _as_it_stands(self, page: Page) -> dict[str, Answer]:
        fields = page.fields()
        return {
            asked.id: tuple(fields[asked.id]) if asked.type == "multi" else fields[asked.id][0]
            for asked in self._asked(page)
            if asked.id in fields
        }

    def _sends(self, tab: Tab, given: dict[str, Answer], changed: dict[str, str | None] | None = None) -> None:
        """Send the form of a tab; the model says what has to come."""
        page, token = tab.history[-1]
        run = self.runs[tab.run]
        hidden = {n: v for n, v in page.fields().items() if n not in page.questions()} | (changed or {})
        data = {n: v for n, v in hidden.items() if v is not None} | {n: list(chosen(a)) for n, a in given.items()}
        answered = self._opened(self.client.post(page.action(), data=data, follow_redirects=True))
        asked, number = self._belongs(run, page)
        emergency = any(stops(self.knowledge.questions[name], answer) for name, answer in given.items())
        fresh = changed is None and run.found and token == run.token
        if asked and fresh and all(question.id in given for question in asked):
            run.answers.update({question.id: accept(question, given[question.id]) for question in asked})
            assert answered.status == 200, (answered.status, answered.h1)
        elif not emergency and asked and (run.found or number == 1):
            assert answered.status == (422 if fresh else 400), (answered.status, answered.h1)
            self._renewed(run)
            shown = {n: tuple(v) for n, v in answered.fields().items() if n in answered.questions()}
            sent = {question.id: chosen(given[question.id]) for question in asked if question.id in given}
            assert shown == sent, "what was sent is not on the page that comes back"
        elif not emergency and not run.found:
            assert (answered.status, answered.h1) == (410, LOST)
        if emergency:
            self._must_say(answered, Urgency.EMERGENCY)
        tab.history.append((answered, run.token))

    def _belongs(self, run: Run, page: Page) -> tuple[list[Question], int]:
        """The questions for which the form counts now, and the number of its page."""
        posted = page.fields()["page"][0].split()
        if "/quick/" in page.action():
            now = sittings(self.knowledge, run.answers)
            asked = [question for sitting in now for question in sitting.questions if question.id in posted]
            number = next((n for n, s in enumerate(now, 1) if asked and asked[0] in s.questions), 0)
            return asked, number
        steps = follow(self.knowledge, run.answers).steps
        found = [(list(step.questions), n) for n, step in enumerate(steps, 1) if step.page.id == posted[0]]
        return found[0] if found else ([], 0)

    def _shown(self, page: Page) -> dict[str, Answer]:
        """The answers on the list, read back from their words."""
        answers: dict[str, Answer] = {}
        for section in page.soup.select("section.asked"):
            heading = section.h2
            title = heading.get_text(strip=True) if heading else ""
            for line in section.select("dl > div"):
                words = [dd.get_text(" ", strip=True).removeprefix("? Not known:").strip() for dd in line.select("dd")]
                label = line.dt.get_text(strip=True) if line.dt else ""
                found = [q for q in self.knowledge.questions.values() if (self._title(q), q.text) == (title, label)]
                assert len(found) == 1, f"'{label}' on '{title}' is not one question"
                asked = found[0]
                given = tuple(word for word in asked.allowed if asked.words(word) in words)
                assert len(given) == len(words), words
                answers[asked.id] = given if asked.type == "multi" else given[0]
        return answers

    def _title(self, asked: Question) -> str:
        return next(page.title for page in self.knowledge.pages if page.id == asked.page)

    def _must_say(self, page: Page, urgency: Urgency) -> None:
        heading = self.knowledge.dispositions[urgency].heading.partition("{")[0]
        assert page.status == 200
        assert heading in page.h1, f"'{page.h1}' instead of {urgency.word}"
