"""From the TOML files of `rules/` to frozen dataclasses, or to a list of everything that is wrong with them.

Three passes: read the files and everything that can be named (sources, questions, deposits), then the rules that
name those things, then the cases that name the rules; beside them the hazard log, which names nothing of the rules.
Each fault becomes a line "file: id: what is wrong; what was probably meant". A key nobody knows is a fault: a misspelt
key must never be a rule that silently does not exist.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from triage.errors import KnowledgeError
from triage.knowledge import model
from triage.knowledge.criteria import ALWAYS, NO, NOT_ASKED, UNSURE, YES, AllOf, AnyOf, Criterion, Test, both
from triage.knowledge.model import NO_ONE, Urgency
from triage.knowledge.numbering import read_numbering
from triage.knowledge.table import (
    BY_DATE,
    CHOICE,
    EMERGENCY_NUMBER,
    KEBAB,
    LOCAL_WORDS,
    PLACEHOLDERS,
    Table,
    kebab,
    meant,
    snake,
)

RULE_TABLES = (
    "red_flag", "step_up", "withhold", "caution", "myth", "reversibility", "treatment", "next_step", "ask_doctor",
    "disagreement", "nurse_card", "disposition", "notice", "word", "hard_word",
)  # fmt: skip
TABLES = (
    "edition", "words", "deposit", "source", "page", "question", *RULE_TABLES, "case", "claim", "mention", "soothing",
    "hazard", "region", "body_mark", "body_spot", "numbered",
)  # fmt: skip
_DEPOSIT_ONLY = ("deposit", "reversibility", "treatment")


class Reader:
    """Reads one folder of rules. `problems` grows; `knowledge()` gives what could be made of it.

    `files` are the tables of each file, where they have been read before (and perhaps changed).
    """

    def __init__(self, folder: Path, files: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.folder = folder
        self.problems: list[str] = []
        self.sources: dict[str, model.Source] = {}
        self.pages: list[model.Page] = []
        self.questions: dict[str, model.Question] = {}
        self.deposits: dict[str, model.Deposit] = {}
        self.rules: dict[str, model.Rule] = {}
        self.notices: dict[str, model.Notice] = {}
        self.dispositions: dict[Urgency, model.Disposition] = {}
        self.cases: list[model.Case] = []
        self.claims: list[model.Claim] = []
        self.mentions: list[model.Mention] = []
        self.soothing: list[model.Soothing] = []
        self.hazards: list[model.Hazard] = []
        self.regions: dict[str, model.Region] = {}
        self.body_marks: list[model.BodyMark] = []
        self.body_spots: list[model.BodySpot] = []
        self.numbering = model.Numbering()
        self.words: dict[str, str] = {}
        self.edition: tuple[str, date, date, date] = ("unknown", date.min, date.min, date.min)
        self.place_question = ""
        self.catalogue: dict[str, tuple[str, ...]] = {}
        self.unsure_findings: frozenset[str] = frozenset()
        self.ids: dict[str, str] = {}
        self.files: Mapping[str, Mapping[str, Any]] = self._read_files() if files is None else files
        self.version = self._version() if files is None else "changed"

    # -- the files -------------------------------------------------------------------------------------------------

    def _read_files(self) -> dict[str, dict[str, Any]]:
        files: dict[str, dict[str, Any]] = {}
        # The general files first, then one body system or deposit after the other; the order is part of the result.
        for path in sorted(self.folder.rglob("*.toml"), key=lambda path: (len(path.parts), path.as_posix())):
            name = path.relative_to(self.folder).as_posix()
            try:
                raw = tomllib.loads(path.read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                self.problems.append(f"{name}: this is not readable TOML: {error}")
                continue
            for key in [key for key in raw if key not in TABLES]:
                self.problems.append(f"{name}: the table '{key}' is not known" + meant(key, TABLES))
            files[name] = raw
        if not files:
            self.problems.append(f"{self.folder.name}: there are no .toml files here")
        return files

    def _version(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*.toml")):
            digest.update(path.relative_to(self.folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()[:8]

    def _tables(self, kind: str) -> Iterator[Table]:
        for file, raw in self.files.items():
            given = raw.get(kind, [])
            if kind in ("deposit", "edition", "words"):
                given = [given] if given else []
            if not isinstance(given, list):
                self.problems.append(f"{file}: '{kind}' must be written [[{kind}]], with two brackets")
                continue
            for index, item in enumerate(given):
                yield Table(item, file, kind, self.problems, index)

    def _deposit_of(self, file: str) -> str:
        path = Path(file)
        return path.stem if path.parent.as_posix() == "deposits" else ""

    def _new_id(self, table: Table, given: str, also: str = "") -> bool:
        """Note the id; False when it was there before."""
        key = also + given
        if key in self.ids:
            table.problem(f"the id '{given}' is already used in {self.ids[key]}")
            return False
        self.ids[key] = table.file
        return bool(given)

    # -- pass one: what can be named ---------------------------------------------------------------------------------

    def read(self) -> None:
        """All three passes."""
        self._read_words()
        self._read_sources()
        self._read_deposits()
        self._read_pages()
        self._read_questions()
        self._read_rules()
        self._read_cases()
        self._read_claims()
        self._read_watchwords()
        self._read_hazards()
        self._read_regions()
        self._read_body()
        self.numbering = read_numbering(self._tables("numbered"))

    def _read_words(self) -> None:
        for table in self._tables("edition"):
            table.name = "edition"
            self.edition = (table.text("version"), table.day("dated"), table.day("reviewed"), table.day("due"))
            table.done()
        for table in self._tables("words"):
            table.name = "words"
            self.words = {word: table.text(word) for word in model.WORDS}
            table.done()
        if not self.words:
            self.problems.append("words.toml: [words], the fixed words of the guide, is missing")
            self.words = dict.fromkeys(model.WORDS, "?")
        if self.edition[0] == "unknown":
            self.problems.append("edition.toml: [edition] with version, dated, reviewed and due is missing")

    def _read_sources(self) -> None:
        for table in self._tables("source"):
            source = model.Source(
                id=kebab(table),
                publisher=table.text("publisher"),
                title=table.text("title"),
                kind=table.one_of("kind", model.SOURCE_KINDS),
                published=table.text("published"),
                seen=table.one_of("seen", model.SEEN),
                checked=table.day("checked"),
                brief=table.text("brief", required=False),
                url=table.text("url", required=False),
            )
            if source.url and not source.url.startswith(("https://", "http://")):
                table.problem(f"'url' must start with https://, not '{source.url}'")
            table.done()
            if self._new_id(table, source.id, "source "):
                self.sources[source.id] = source

    def _read_deposits(self) -> None:
        found = list(self._tables("deposit"))
        for table in found:
            deposit_id = self._deposit_of(table.file)
            table.name = "deposit"
            if not deposit_id or not KEBAB.match(deposit_id):
                table.problem("a deposit must stand in deposits/<id>.toml, the id in lower-case words with hyphens")
                continue
            self.ids[deposit_id] = table.file
            self.deposits[deposit_id] = model.Deposit(
                id=deposit_id,
                file=table.file,
                deposit=deposit_id,
                criterion=Test(model.finding_of(deposit_id), (YES,)),
                sources=self._sources(table),
                status=table.one_of("status", model.STATUSES, model.STATUSES[0]),
                name=table.text("name"),
                place=table.text("place"),
                hint=table.text("hint", required=False),
                group=table.one_of("group", model.GROUPS),
                order=table.number("order"),
                about=table.text("about"),
                base_urgency=table.urgency("base_urgency"),
                reviewed=table.day("reviewed"),
                due=table.day("due"),
                contact=table.text("contact", required=False),
                letter_words=table.texts("letter_words", required=False),
                body=table.texts("body", required=False),
            )
            table.done()
        for file in self.files:
            if self._deposit_of(file) and self._deposit_of(file) not in self.deposits:
                self.problems.append(f"{file}: the table [deposit] is missing")
        self.deposits = dict(sorted(self.deposits.items(), key=lambda item: (item[1].order, item[0])))

    def _read_pages(self) -> None:
        of_deposit: dict[str, list[model.Page]] = {}
        places: list[model.Page | None] = []
        of_deposits = {"part": "", "quick": ""}
        for table in self._tables("page"):
            deposit = self._deposit_of(table.file)
            if not deposit and table.flag("deposits_here"):
                places.append(None)
                of_deposits = {"part": table.text("part"), "quick": table.text("quick", required=False)}
                table.done()
                continue
            page = model.Page(
                id=kebab(table),
                title=table.text("title"),
                part="" if deposit else table.text("part"),
                file=table.file,
                lead=table.text("lead", required=False),
                deposit=deposit,
                quick="" if deposit else table.text("quick", required=False),
            )
            table.used.add("deposits_here")
            table.done()
            if not self._new_id(table, page.id, "page "):
                continue
            if deposit:
                of_deposit.setdefault(deposit, []).append(page)
            else:
                places.append(page)
        for place in places:
            if isinstance(place, model.Page):
                self.pages.append(place)
                continue
            for deposit in self.deposits:
                self.pages.extend(replace(page, **of_deposits) for page in of_deposit.get(deposit, []))

    def _read_questions(self) -> None:
        tables = list(self._tables("question"))
        asked = self._asked_options()
        built: list[tuple[Table, model.Question, object]] = []
        page_ids = [page.id for page in self.pages]
        for table in tables:
            question = self._question(table, asked)
            if question.page not in page_ids:
                table.problem(f"the page '{question.page}' is not known" + meant(question.page, page_ids))
            if self._new_id(table, question.id, "finding "):
                built.append((table, question, table.raw.get("enable_when")))
        order = {page: number for number, page in enumerate(page_ids)}
        built.sort(key=lambda item: order.get(item[1].page, 0))
        for target in asked:
            if target not in {question.id for _, question, _ in built}:
                for table, _ in asked[target]:
                    table.problem(
                        f"'ask' names the question '{target}', which is not known"
                        + meant(target, [question.id for _, question, _ in built])
                    )
        for table, question, _ in built:
            for finding, values in question.findings.items():
                if finding != question.id and not self._new_id(table, finding, "finding "):
                    continue
                self.catalogue[finding] = (*values, NOT_ASKED)
            self.questions[question.id] = question
        self.unsure_findings = frozenset(name for name, values in self.catalogue.items() if UNSURE in values)
        for table, question, enable_when in built:
            criterion = self._criterion(table, "enable_when", enable_when)
            if question.deposit and question.deposit in self.deposits:
                criterion = both(self.deposits[question.deposit].criterion, criterion)
            self._check_order(table, question, criterion, order)
            self.questions[question.id] = replace(question, enable_when=criterion)

    def _check_order(self, table: Table, question: model.Question, criterion: Criterion, order: dict[str, int]) -> None:
        asked_by = {finding: other for other in self.questions.values() for finding in other.findings}
        for test in criterion.tests():
            other = asked_by.get(test.finding)
            if other and order.get(other.page, 0) >= order.get(question.page, 0):
                table.problem(
                    f"'enable_when' tests '{test.finding}', which is only asked on the page '{other.page}'; "
                    f"move this question to a later page than that"
                )

    def _asked_options(self) -> dict[str, list[tuple[Table, model.Option]]]:
        """The options that red flags and deposits bring along: question id to options, in the order of the files."""
        asked: dict[str, list[tuple[Table, model.Option]]] = {}
        for table in self._tables("red_flag"):
            raw = table.raw.get("ask")
            if raw is None:
                continue
            inner = Table(raw, table.file, "ask", self.problems)
            inner.name = f"{table.name}: ask"
            option = model.Option(
                id=model.finding_of(table.name),
                text=inner.text("text"),
                hint=inner.text("hint", required=False),
                group=inner.text("group", required=False),
                stops=inner.flag("stops"),
            )
            asked.setdefault(inner.text("question"), []).append((table, option))
            inner.done()
        return asked

    def _question(self, table: Table, asked: Mapping[str, list[tuple[Table, model.Option]]]) -> model.Question:
        question_id = snake(table)
        kind = table.one_of("type", model.QUESTION_TYPES)
        options = [self._option(inner, kind) for inner in table.tables("option")]
        options.extend(option for _, option in asked.get(question_id, []))
        if table.flag("options_are_deposits"):
            self.place_question = question_id
            options.extend(
                model.Option(id=place.id, text=place.place, hint=place.hint, group=place.group, body=place.body)
                for place in self.deposits.values()
            )
        groups = table.texts("groups", required=False)
        for option in options if groups else ():
            if option.group not in groups:
                table.problem(
                    f"'groups' does not name '{option.group}', the group of '{option.id}'" + meant(option.group, groups)
                )
                break
        else:
            options.sort(key=lambda option: groups.index(option.group) if groups else 0)
        unsure = self.words[UNSURE]
        if kind == "yes-no":
            if options:
                table.problem("a yes-no question has no options of its own")
            options = [model.Option(id=word, text=self.words[word]) for word in (YES, NO)]
        elif len(options) + (kind == "multi") < 2:
            table.problem("a question needs at least two options")
        given = table.raw.get("unsure")
        table.used.add("unsure")
        if given is False:
            unsure = ""
            if not table.text("no_unsure_because", required=True):
                table.problem("say in 'no_unsure_because' why nobody can be unsure here")
        elif given is not None:
            unsure = table.text("unsure")
        table.used.add("no_unsure_because")
        none = table.text("none", required=False)
        if none and kind != "multi":
            table.problem("only a multi question has 'none'")
        said = "an option's id or a list of them"
        usual = table.take("usual", (str, list), said, NO_ONE if none else "", False)
        if not all(isinstance(word, str) for word in usual):
            table.problem(f"'usual' must be {said}, not {usual!r}")
            usual = ""
        question = model.Question(
            id=question_id,
            type=kind,
            page=table.text("page"),
            text=table.text("text"),
            options=tuple(options),
            file=table.file,
            hint=table.text("hint", required=False),
            why=table.text("why"),
            none=none,
            unsure=unsure,
            ordered=table.flag("ordered"),
            tick_wins=table.flag("tick_wins"),
            usual=(usual,) if isinstance(usual, str) and usual else tuple(usual),
            deposit=self._deposit_of(table.file),
            sources=self._sources(table),
        )
        table.used.add("enable_when")
        table.done()
        for answer in question.usual:
            if answer not in question.allowed:
                table.problem(f"'usual' names '{answer}', which is no option" + meant(answer, question.allowed))
        seen: set[str] = set()
        for option in question.options:
            if option.id in seen:
                table.problem(f"the option '{option.id}' stands there twice")
            seen.add(option.id)
        return question

    def _option(self, table: Table, kind: str) -> model.Option:
        option = model.Option(
            id=snake(table) if kind == "multi" else table.id(CHOICE, "lower-case words or numbers joined by hyphens"),
            text=table.text("text"),
            hint=table.text("hint", required=False),
            group=table.text("group", required=False),
            stops=table.flag("stops"),
        )
        table.done()
        return option

    # -- pass two: the rules -----------------------------------------------------------------------------------------

    def _read_rules(self) -> None:
        makers: dict[str, Callable[[Table, dict[str, Any]], model.Rule]] = {
            "red_flag": self._red_flag,
            "step_up": self._step_up,
            "withhold": self._withhold,
            "caution": self._caution,
            "myth": self._myth,
            "reversibility": self._reversibility,
            "treatment": self._treatment,
            "next_step": self._next_step,
            "ask_doctor": self._ask_doctor,
            "disagreement": self._disagreement,
            "nurse_card": self._nurse_card,
            "disposition": self._disposition,
            "notice": self._notice,
            "word": self._word,
            "hard_word": self._hard_word,
        }
        self.rules.update(self.deposits)
        for kind in RULE_TABLES:
            for table in self._tables(kind):
                if kind in _DEPOSIT_ONLY and not self._deposit_of(table.file):
                    table.problem(f"a {kind} belongs to a deposit, in deposits/<id>.toml")
                rule = makers[kind](table, self._common(table, kind))
                table.done()
                if self._new_id(table, rule.id):
                    self.rules[rule.id] = rule
                    if isinstance(rule, model.Notice):
                        self.notices[rule.id] = rule
                    if isinstance(rule, model.Disposition):
                        self.dispositions[rule.urgency] = rule

    def _common(self, table: Table, kind: str) -> dict[str, Any]:
        rule_id = snake(table) if kind == "notice" else kebab(table)
        deposit = self._deposit_of(table.file)
        when = self._criterion(table, "when", table.raw.get("when"))
        table.used.add("when")
        if "ask" in table.raw and when == ALWAYS:
            when = Test(model.finding_of(rule_id), (YES,))
        own = when != ALWAYS
        if deposit in self.deposits:
            when = both(self.deposits[deposit].criterion, when)
        return {
            "id": rule_id,
            "file": table.file,
            "criterion": when,
            "sources": self._sources(table),
            "status": table.one_of("status", model.STATUSES, model.STATUSES[0]),
            "deposit": deposit,
            "conditional": own,
            "excludes": table.texts("excludes", required=False),
            "instead_of": table.texts("instead_of", required=False),
        }

    def _possible(self, criterion: Criterion) -> Criterion:
        return criterion.possible(self.unsure_findings)

    def _red_flag(self, table: Table, common: dict[str, Any]) -> model.RedFlag:
        table.used.add("ask")
        if common["criterion"] == ALWAYS:
            table.problem("a red flag needs 'when' or 'ask'")
        return model.RedFlag(
            **common,
            urgency=table.urgency("urgency"),
            because=table.text("because"),
            meanwhile=table.text("meanwhile", required=False),
            tags=table.texts("tags", required=False),
            possible=self._possible(common["criterion"]),
        )

    def _step_up(self, table: Table, common: dict[str, Any]) -> model.StepUp:
        return model.StepUp(
            **common,
            because=table.text("because"),
            tags=table.texts("tags"),
            possible=self._possible(common["criterion"]),
        )

    def _withhold(self, table: Table, common: dict[str, Any]) -> model.Withhold:
        common["criterion"] = self._possible(common["criterion"])
        return model.Withhold(**common, text=table.text("text"), at_least=table.urgency("at_least", required=False))

    def _caution(self, table: Table, common: dict[str, Any]) -> model.Caution:
        common["criterion"] = self._possible(common["criterion"])
        return model.Caution(
            **common,
            text=table.text("text"),
            about=table.text("about", required=False),
            even_in_emergency=table.flag("even_in_emergency"),
        )

    def _myth(self, table: Table, common: dict[str, Any]) -> model.Myth:
        return model.Myth(**common, fact=table.text("fact"), myth=table.text("myth"))

    def _reversibility(self, table: Table, common: dict[str, Any]) -> model.Reversibility:
        return model.Reversibility(
            **common,
            category=table.one_of("category", model.REVERSIBILITY),
            deposit_goes=table.text("deposit_goes"),
            symptoms_go=table.text("symptoms_go"),
            because=table.text("because", required=False),
        )

    def _treatment(self, table: Table, common: dict[str, Any]) -> model.Treatment:
        return model.Treatment(
            **common,
            what=table.text("what"),
            used_when=table.text("used_when"),
            does=table.text("does"),
            evidence=table.one_of("evidence", model.EVIDENCE),
        )

    def _next_step(self, table: Table, common: dict[str, Any]) -> model.NextStep:
        return model.NextStep(**common, text=table.text("text"))

    def _ask_doctor(self, table: Table, common: dict[str, Any]) -> model.DoctorQuestion:
        return model.DoctorQuestion(**common, text=table.text("text"), even_when_urgent=table.flag("even_when_urgent"))

    def _disagreement(self, table: Table, common: dict[str, Any]) -> model.Disagreement:
        views = []
        for inner in table.tables("view", required=True):
            view = model.View(who=inner.text("who"), says=inner.text("says"), source=inner.text("source"))
            self._known_source(inner, view.source)
            inner.done()
            views.append(view)
        if len(views) < 2:
            table.problem("a disagreement needs at least two [[disagreement.view]]")
        common["sources"] = tuple(dict.fromkeys((*common["sources"], *(view.source for view in views))))
        return model.Disagreement(
            **common, topic=table.text("topic"), views=tuple(views), we_follow=table.text("we_follow")
        )

    def _nurse_card(self, table: Table, common: dict[str, Any]) -> model.NurseCard:
        return model.NurseCard(
            **common,
            about=table.texts("about"),
            say=table.text("say"),
            teach_back=table.text("teach_back"),
            good_answer=table.text("good_answer"),
            misunderstanding=table.text("misunderstanding"),
        )

    def _disposition(self, table: Table, common: dict[str, Any]) -> model.Disposition:
        disposition = model.Disposition(
            **common,
            urgency=table.urgency("urgency"),
            label=table.text("label"),
            heading=table.text("heading"),
            steps=table.texts("steps"),
            safety_net=table.texts("safety_net"),
        )
        return disposition if disposition.urgency == Urgency.EMERGENCY else self._dated(table, disposition)

    def _dated(self, table: Table, disposition: model.Disposition) -> model.Disposition:
        """With the day by which the person acts if nothing has happened. An emergency waits for no day."""
        days = table.number("by_days")
        if not 0 <= days <= model.MOST_DAYS:
            table.problem(f"'by_days' must be from 0 (today) to {model.MOST_DAYS}, not {days}")
        by_then = table.text("by_then", blanks=(*PLACEHOLDERS, BY_DATE))
        if by_then and f"{{{BY_DATE}}}" not in by_then:
            table.problem(f"'by_then' must name the day: write {{{BY_DATE}}} where it stands")
        return replace(disposition, by_days=days, by_then=by_then)

    def _notice(self, table: Table, common: dict[str, Any]) -> model.Notice:
        if common["id"] not in model.NOTICE_ROLES:
            hint = meant(common["id"], model.NOTICE_ROLES)
            table.problem(f"no page has a place for the notice '{common['id']}'{hint}")
        return model.Notice(**common, text=table.text("text"))

    def _word(self, table: Table, common: dict[str, Any]) -> model.LetterWord:
        place = table.text("place", required=False)
        if place and place not in self.deposits:
            table.problem(f"leads to the place '{place}', which is not known" + meant(place, self.deposits))
        may_be = table.texts("may_be", required=False)
        for other in may_be:
            if other not in self.deposits:
                table.problem(f"may be about the place '{other}', which is not known" + meant(other, self.deposits))
        if place and may_be:
            table.problem("has 'place' and 'may_be'; keep 'place' only where the word alone tells")
        words = table.texts("words")
        for word in words:
            self._new_id(table, word.lower(), "word on letters ")
        in_capitals = table.texts("in_capitals", required=False)
        for word in in_capitals:
            if word not in words:
                table.problem(f"'{word}' in 'in_capitals' is none of its words" + meant(word, words))
        return model.LetterWord(
            **common,
            words=words,
            place=place,
            may_be=may_be,
            meaning=table.text("meaning"),
            caution=table.text("caution", required=False),
            urgency=table.urgency("urgency", required=False),
            general=table.flag("general"),
            in_capitals=in_capitals,
            not_to_confuse=table.texts("not_to_confuse", required=False),
        )

    def _hard_word(self, table: Table, common: dict[str, Any]) -> model.HardWord:
        words = table.texts("words")
        for word in words:
            self._new_id(table, word.lower(), "hard word ")
        return model.HardWord(**common, words=words, meaning=table.text("meaning"))

    def _sources(self, table: Table) -> tuple[str, ...]:
        sources = table.texts("sources", required=False)
        for source in sources:
            self._known_source(table, source)
        return sources

    def _known_source(self, table: Table, source: str) -> None:
        if source not in self.sources:
            table.problem(f"the source '{source}' is not known" + meant(source, self.sources))

    # -- criteria ----------------------------------------------------------------------------------------------------

    def _criterion(self, table: Table, key: str, raw: object) -> Criterion:
        """`{ a = "yes", b = ["x", "y"], any = [{ ... }, { ... }] }`: all of these, with one any-of inside."""
        if raw is None:
            return ALWAYS
        if not isinstance(raw, dict) or not raw:
            table.problem(f"'{key}' must be a table such as {{ joint_hot = \"yes\" }}")
            return ALWAYS
        parts: list[Criterion] = []
        for name, value in raw.items():
            if name == "any":
                branches = value if isinstance(value, list) else []
                if len(branches) < 2 or not all(isinstance(branch, dict) for branch in branches):
                    table.problem(f"'any' in '{key}' must be a list of at least two tables")
                    continue
                parts.append(AnyOf(tuple(self._branch(table, key, branch) for branch in branches)))
            else:
                parts.append(self._test(table, key, name, value))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _branch(self, table: Table, key: str, raw: Mapping[str, object]) -> Criterion:
        parts: list[Criterion] = []
        for name, value in raw.items():
            if name == "any":
                table.problem(f"'{key}' is nested too deeply: 'any' may not stand inside another any")
            else:
                parts.append(self._test(table, key, name, value))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _test(self, table: Table, key: str, finding: str, raw: object) -> Test:
        if finding not in self.catalogue:
            hint = meant(finding, (*self.catalogue, "any"))
            table.problem(f"'{key}' tests the finding '{finding}', which no question gives{hint}")
            return Test("", ())
        known = self.catalogue[finding]
        if isinstance(raw, dict):
            values = self._range(table, key, finding, raw)
        else:
            values = (raw,) if isinstance(raw, str) else tuple(raw) if isinstance(raw, list) else ()
            if not values or not all(isinstance(value, str) for value in values):
                table.problem(f"'{key}' compares '{finding}' with {raw!r}; write one of {', '.join(known)}, in quotes")
                return Test(finding, ())
        for value in values:
            if value not in known:
                hint = meant(value, known)
                table.problem(f"'{key}': '{finding}' cannot be '{value}'; it can be {', '.join(known)}{hint}")
        return Test(finding, tuple(dict.fromkeys(values)))

    def _range(self, table: Table, key: str, finding: str, raw: Mapping[str, object]) -> tuple[str, ...]:
        """`{ at_least = "50-59" }` on an ordered choice, as the list of options it stands for."""
        question = self.questions.get(finding)
        operator, value = next(iter(raw.items()), ("", ""))
        if operator not in ("at_least", "at_most", "is_not") or len(raw) != 1 or not isinstance(value, str):
            table.problem(f"'{key}': '{finding}' has an unknown test {dict(raw)!r}; use at_least, at_most or is_not")
            return ()
        if question is None or question.type != "choice":
            table.problem(f"'{key}': '{operator}' does not fit '{finding}', which is answered yes, no or not sure")
            return ()
        ids = [option.id for option in question.options]
        if value not in ids:
            table.problem(f"'{key}': '{finding}' cannot be '{value}'; it can be {', '.join(ids)}" + meant(value, ids))
            return ()
        if operator == "is_not":
            return tuple(word for word in question.allowed if word != value)
        if not question.ordered:
            table.problem(f"'{key}': '{operator}' does not fit '{finding}': its options have no order (ordered = true)")
            return ()
        place = ids.index(value)
        return tuple(ids[place:] if operator == "at_least" else ids[: place + 1])

    # -- pass three: the cases ---------------------------------------------------------------------------------------

    def _read_cases(self) -> None:
        withholds = [rule.id for rule in self.rules.values() if isinstance(rule, model.Withhold)]
        words = (*model.REVERSIBILITY, *withholds, "withheld")
        for table in self._tables("case"):
            case_id = kebab(table)
            raw = table.take("answers", dict, "a table of question = answer", {}, True)
            answers: dict[str, str | tuple[str, ...]] = {}
            for question_id, value in raw.items():
                question = self.questions.get(question_id)
                if question is None:
                    table.problem(f"answers '{question_id}', which is no question" + meant(question_id, self.questions))
                    continue
                given = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else ()
                if not given or not all(isinstance(word, str) for word in given):
                    allowed = ", ".join(question.allowed)
                    table.problem(f"answers '{question_id}' with {value!r}; write one of {allowed}, in quotes")
                    continue
                for word in given:
                    if word not in question.allowed:
                        table.problem(
                            f"answers '{question_id}' with '{word}'; it allows {', '.join(question.allowed)}"
                            + meant(str(word), question.allowed)
                        )
                answers[question_id] = given if question.type == "multi" else given[0]
            case = model.Case(
                id=case_id,
                file=table.file,
                story=table.text("story"),
                answers=answers,
                urgency=table.urgency("urgency"),
                fires=table.texts("fires", required=False),
                near_miss=table.texts("near_miss", required=False),
                not_asked=table.texts("not_asked", required=False),
                reversibility=dict(table.take("reversibility", dict, "a table", {}, False)),
                note=table.take("note", str, "a text in quotes", "", False),
            )
            self._known_rules(table, "fires", case.fires)
            self._known_rules(table, "near_miss", case.near_miss)
            for question_id in case.not_asked:
                if question_id not in self.questions:
                    hint = meant(question_id, self.questions)
                    table.problem(f"'not_asked' names '{question_id}', which is no question{hint}")
            for deposit, category in case.reversibility.items():
                if deposit not in self.deposits:
                    table.problem(f"names the deposit '{deposit}', which is not known" + meant(deposit, self.deposits))
                if category not in words:
                    hint = meant(str(category), words)
                    table.problem(f"expects the category '{category}', which is not known{hint}")
            table.done()
            if self._new_id(table, case_id, "case "):
                self.cases.append(case)

    def _read_claims(self) -> None:
        for table in self._tables("claim"):
            claim = model.Claim(
                id=kebab(table),
                file=table.file,
                seed=table.text("seed"),
                says=table.text("says"),
                verdict=table.one_of("verdict", model.VERDICTS),
                dealt_with_by=table.texts("dealt_with_by", required=False),
                because=table.text("because"),
            )
            table.done()
            self._known_source(table, claim.seed)
            self._known_rules(table, "dealt_with_by", claim.dealt_with_by)
            if not claim.dealt_with_by and claim.verdict != "left-out":
                table.problem("names no rule in 'dealt_with_by'; only a claim with the verdict 'left-out' may do that")
            if self._new_id(table, claim.id, "claim "):
                self.claims.append(claim)

    def _read_watchwords(self) -> None:
        for table in self._tables("mention"):
            mention = model.Mention(
                id=kebab(table),
                file=table.file,
                words=table.texts("words"),
                at_risk=self._possible(self._criterion(table, "at_risk", table.raw.get("at_risk"))),
                needs=table.texts("needs"),
            )
            table.used.add("at_risk")
            table.done()
            self._known_rules(table, "needs", mention.needs)
            if self._new_id(table, mention.id, "mention "):
                self.mentions.append(mention)
        for table in self._tables("soothing"):
            soothing = model.Soothing(id=kebab(table), file=table.file, words=table.texts("words"))
            table.done()
            if self._new_id(table, soothing.id, "soothing "):
                self.soothing.append(soothing)
        for rule in self.rules.values():
            for rule_id in (*rule.excludes, *rule.instead_of):
                if rule_id not in self.rules:
                    self.problems.append(
                        f"{rule.file}: {rule.id}: names the rule '{rule_id}', which is not known"
                        + meant(rule_id, self.rules)
                    )

    def _known_rules(self, table: Table, key: str, rule_ids: tuple[str, ...]) -> None:
        for rule_id in rule_ids:
            if rule_id not in self.rules:
                table.problem(f"'{key}' names the rule '{rule_id}', which is not known" + meant(rule_id, self.rules))

    def _read_hazards(self) -> None:
        for table in self._tables("hazard"):
            hazard = model.Hazard(
                id=kebab(table),
                file=table.file,
                hazard=table.text("hazard"),
                cause=table.text("cause"),
                harm=table.text("harm"),
                severity=table.one_of("severity", model.SEVERITIES),
                likelihood_before=table.one_of("likelihood_before", model.LIKELIHOODS),
                likelihood_after=table.one_of("likelihood_after", model.LIKELIHOODS),
                controls=tuple(self._control(inner) for inner in table.tables("control", required=True)),
            )
            table.done()
            if hazard.risk_after > hazard.risk_before:
                table.problem("the risk after its controls is higher than before; see the two likelihoods")
            if self._new_id(table, hazard.id, "hazard "):
                self.hazards.append(hazard)

    def _control(self, table: Table) -> model.Control:
        verified = model.CONTROL_STATUSES[0]
        control = model.Control(
            what=table.text("what"),
            status=table.one_of("status", model.CONTROL_STATUSES, verified),
            verified_by=table.texts("verified_by", required=False),
        )
        table.done()
        for check in control.verified_by:
            if not model.CHECK.fullmatch(check):
                table.problem(
                    f"'verified_by' names '{check}'; write \"tests/test_file.py::test_name\" or \"property:<id>\""
                )
        if control.status == verified and not control.verified_by:
            others = ", ".join(f'"{status}"' for status in model.CONTROL_STATUSES[1:])
            table.problem(f"names nothing in 'verified_by'; where nothing verifies it, status is one of {others}")
        if control.status != verified and control.verified_by:
            table.problem(f"is '{control.status}' and names what verifies it; leave out 'status' or 'verified_by'")
        return control

    def _read_regions(self) -> None:
        for table in self._tables("region"):
            region = model.Region(
                id=kebab(table),
                code=table.text("code"),
                name=table.text("name"),
                emergency_numbers=table.texts("emergency_numbers"),
                words={word: given for word in LOCAL_WORDS if (given := table.text(word, required=False))},
                sources=self._sources(table),
            )
            table.done()
            if not KEBAB.match(region.code) or region.code == NO_ONE:
                table.problem(f"the code '{region.code}' must be lower-case letters, such as 'gb' or 'gb-nir'")
            for number in region.emergency_numbers:
                if not EMERGENCY_NUMBER.match(number):
                    table.problem(f"the emergency number '{number}' must be 2 to 6 digits")
            if not region.emergency_numbers or not region.sources:
                table.problem("needs an emergency number, and a source for it")
            if self._new_id(table, region.id, "region ") and self._new_id(table, region.code, "region code "):
                self.regions[region.code] = region

    def _read_body(self) -> None:
        for table in self._tables("body_mark"):
            mark = model.BodyMark(group=table.one_of("group", model.GROUPS), **self._point(table))
            table.done()
            if self._new_id(table, mark.group, "mark "):
                self.body_marks.append(mark)
        for table in self._tables("body_spot"):
            spot = model.BodySpot(id=kebab(table), **self._point(table))
            table.done()
            if self._new_id(table, spot.id, "spot "):
                self.body_spots.append(spot)
        known = [spot.id for spot in self.body_spots]
        for deposit in self.deposits.values():
            for name in deposit.body:
                if name not in known:
                    where = f"{deposit.file}: {deposit.id}"
                    self.problems.append(f"{where}: the body spot '{name}' is not known" + meant(name, known))

    def _point(self, table: Table) -> dict[str, int]:
        point = {"across": table.number("across"), "down": table.number("down")}
        for (key, value), most in zip(point.items(), model.FIGURE, strict=True):
            if not 0 <= value <= most:
                table.problem(f"'{key}' is {value}, which is beside the figure; write a number from 0 to {most}")
        return point

    def knowledge(self) -> model.Knowledge:
        """What was read, as one frozen whole."""
        version, dated, reviewed, due = self.edition
        return model.Knowledge(
            version=f"{version}+{self.version}",
            edition=version,
            dated=dated,
            reviewed=reviewed,
            due=due,
            sources=self.sources,
            pages=tuple(self.pages),
            questions=self.questions,
            deposits=self.deposits,
            rules=self.rules,
            notices=self.notices,
            dispositions=self.dispositions,
            cases=tuple(self.cases),
            claims=tuple(self.claims),
            mentions=tuple(self.mentions),
            soothing=tuple(self.soothing),
            hazards=tuple(self.hazards),
            regions=self.regions,
            body_marks=tuple(self.body_marks),
            body_spots=tuple(self.body_spots),
            place_question=self.place_question,
            numbering=self.numbering,
            words=self.words,
        )


def read(folder: Path) -> tuple[model.Knowledge, list[str]]:
    """The knowledge in a folder, and everything that is wrong with the text of its files."""
    reader = Reader(folder)
    reader.read()
    return reader.knowledge(), reader.problems


def load(folder: Path) -> model.Knowledge:
    """The knowledge in a folder.

    Raises:
        KnowledgeError: with every fault found, if there is one.
    """
    knowledge, problems = read(folder)
    if problems:
        raise KnowledgeError(problems)
    return knowledge
