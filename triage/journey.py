"""From answers to findings, and which page comes next: a fold over the pages of the knowledge.

Nothing is stored: each call starts at the first page and applies one answer after the other. An answer to a question
that is no longer on the path stops counting by itself, because the fold never comes past it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from triage.errors import AnswerError
from triage.knowledge import NO, NOT_ANSWERED, UNSURE, YES, Knowledge
from triage.knowledge.model import NO_ONE, Page, Question
from triage.knowledge.table import meant

Answer = str | tuple[str, ...]
Answers = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Step:
    """A page on the path, with the questions that are asked there."""

    page: Page
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Journey:
    """Where these answers lead."""

    steps: tuple[Step, ...]
    """The pages on the path, up to the first that still has an unanswered question."""
    findings: Mapping[str, str]
    answers: Answers
    """The answers that count: those on the path."""
    complete: bool
    stopped: bool
    """An answer was given that ends the journey at once."""

    @property
    def questions(self) -> tuple[Question, ...]:
        """Every question on the path, in order."""
        return tuple(question for step in self.steps for question in step.questions)


def accept(question: Question, given: object) -> Answer:
    """One answer as the journey keeps it.

    Raises:
        AnswerError: not an answer to this question; it says what is allowed.
    """
    allowed = f"allowed: {', '.join(question.allowed)}"
    if question.type != "multi":
        if not isinstance(given, str):
            raise AnswerError([f"{question.id}: give one option as a text, not {given!r}; {allowed}"])
        if given not in question.allowed:
            raise AnswerError([f"{question.id}: '{given}' is not an option{meant(given, question.allowed)}; {allowed}"])
        return given
    if not isinstance(given, list | tuple) or not all(isinstance(word, str) for word in given):
        raise AnswerError([f"{question.id}: give a list of options, not {given!r}; {allowed}"])
    for word in given:
        if word not in question.allowed:
            raise AnswerError([f"{question.id}: '{word}' is not an option{meant(word, question.allowed)}; {allowed}"])
    if len(set(given)) != len(given):
        raise AnswerError([f"{question.id}: an option is given twice; {allowed}"])
    if not given:
        raise AnswerError([f"{question.id}: choose at least one; {allowed}"])
    ordered = tuple(word for word in question.allowed if word in given)
    if NO_ONE in ordered and len(ordered) > 1:
        if not question.tick_wins:
            raise AnswerError([f"{question.id}: '{NO_ONE}' cannot stand beside another option; {allowed}"])
        ordered = tuple(word for word in ordered if word != NO_ONE)
    return ordered


def findings_of(question: Question, answer: Answer) -> dict[str, str]:
    """What an accepted answer says, finding by finding. An unticked box is a "no" only if nothing is unsure."""
    if question.type != "multi":
        return {question.id: str(answer)}
    unticked = UNSURE if UNSURE in answer else NO
    return {finding: YES if option in answer else unticked for option, finding in question.option_findings}


def chosen(answer: Answer) -> tuple[str, ...]:
    """The ids that an answer is made of, whatever the type of its question."""
    return (answer,) if isinstance(answer, str) else answer


def stops(question: Question, answer: Answer) -> bool:
    """Whether this answer ends the journey at once."""
    return not question.stopping.isdisjoint(chosen(answer))


def follow(knowledge: Knowledge, answers: Answers) -> Journey:
    """Follow the answers as far as they lead. The answers must have been accepted."""
    return _follow(knowledge, answers)


def suppose(knowledge: Knowledge, answers: Answers) -> Journey:
    """Follow the answers also past questions that nobody has answered, as after a change that opens new ones.

    What is not answered, or cannot yet be known to be asked, has the finding `not-answered`, which no rule tests: so
    whatever holds here holds for every answer that is still missing.
    """
    return _follow(knowledge, answers, go_on=True)


def with_usual(knowledge: Knowledge, answers: Answers) -> Journey:
    """Follow the answers, giving each unmentioned question on the path its usual answer: how cases are written.

    Raises:
        AnswerError: a question on the path has no usual answer, so it must be mentioned.
    """
    return _follow(knowledge, answers, fill=True)


def _follow(knowledge: Knowledge, answers: Answers, fill: bool = False, go_on: bool = False) -> Journey:
    findings = knowledge.nothing_asked.copy()
    steps: list[Step] = []
    counted: dict[str, Answer] = {}
    missing: set[str] = set()
    for page, demanded, here in knowledge.walk:
        if demanded and not go_on and findings[demanded.finding] not in demanded.values:
            continue
        asked = tuple(question for question in here if question.enable_when.holds(findings))
        for question in here if go_on else ():
            on_path = any(question is one for one in asked)
            if question.id not in answers if on_path else not missing.isdisjoint(question.waits_for):
                missing.update(question.findings)
                findings.update(dict.fromkeys(question.findings, NOT_ANSWERED))
        if not asked:
            continue
        steps.append(Step(page, asked))
        for question in asked:
            answer = answers.get(question.id)
            if answer is None and fill:
                if not question.usual:
                    raise AnswerError([f"{question.id}: has no usual answer, so it must be answered"])
                answer = question.usual if question.type == "multi" else question.usual[0]
            if answer is not None:
                counted[question.id] = answer
                findings.update(findings_of(question, answer))
        if any(question.stopping and stops(question, counted.get(question.id, ())) for question in asked):
            return Journey(tuple(steps), findings, counted, True, True)
        if not go_on and not all(question.id in counted for question in asked):
            return Journey(tuple(steps), findings, counted, False, False)
    return Journey(tuple(steps), findings, counted, not missing, False)


@dataclass(frozen=True, slots=True)
class Sitting:
    """Pages of the path that quick entry asks together."""

    title: str
    steps: tuple[Step, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """Its questions, in the order of the path."""
        return tuple(question for step in self.steps for question in step.questions)

    def only(self, questions: Sequence[Question]) -> Sitting:
        """The same with no other questions than these."""
        steps = (Step(step.page, tuple(q for q in step.questions if q in questions)) for step in self.steps)
        return Sitting(self.title, tuple(step for step in steps if step.questions))


def sittings(knowledge: Knowledge, answers: Answers) -> tuple[Sitting, ...]:
    """The path as far as these answers tell it, in as few sittings as the pages allow.

    A question that depends on one of the same sitting joins it once that is answered, so a sitting can grow. Nothing
    comes after an answer that ends the journey.
    """
    together: list[list[Step]] = []
    for step in suppose(knowledge, answers).steps:
        if together and step.page.quick and step.page.quick == together[-1][0].page.quick:
            together[-1].append(step)
        else:
            together.append([step])
    return tuple(Sitting(steps[0].page.quick or steps[0].page.title, tuple(steps)) for steps in together)


def opened_by(knowledge: Knowledge, question: Question, journey: Journey) -> tuple[str, ...]:
    """The answers because of which this question is asked, in the words that were chosen."""
    words: dict[str, None] = {}
    for test in question.enable_when.tests():
        value, asked = journey.findings[test.finding], knowledge.asked_by[test.finding]
        if value not in test.values or asked.id not in journey.answers:
            continue
        if asked.type != "multi" or value == UNSURE:
            words[asked.words(value)] = None
        elif value == YES:
            words[next(option.text for option in asked.options if option.finding == test.finding)] = None
    return tuple(words)


def read_answers(knowledge: Knowledge, given: object, drop_off_path: bool = False) -> Journey:
    """The journey of a whole answer set from outside.

    Raises:
        AnswerError: one line for each unknown question, wrong answer, missing answer and answer off the path.
    """
    if not isinstance(given, Mapping):
        raise AnswerError([f"answers: give an object of question and answer, not {given!r}"])
    problems: list[str] = []
    accepted: dict[str, Answer] = {}
    for question_id, value in given.items():
        question = knowledge.questions.get(question_id)
        if question is None:
            problems.append(f"{question_id}: no such question{meant(str(question_id), knowledge.questions)}")
            continue
        try:
            accepted[question.id] = accept(question, value)
        except AnswerError as error:
            problems.extend(error.problems)
    if problems:
        raise AnswerError(problems)
    journey = follow(knowledge, accepted)
    if not journey.complete:
        problems.extend(
            f"{question.id}: not answered; allowed: {', '.join(question.allowed)}"
            for question in journey.steps[-1].questions
            if question.id not in journey.answers
        )
    if not drop_off_path:
        problems.extend(_off_path(journey, accepted))
    if problems:
        raise AnswerError(problems)
    return journey


def _off_path(journey: Journey, accepted: Answers) -> Sequence[str]:
    # While a page is still unanswered, what comes after it cannot be told off the path from merely not yet reached.
    if not journey.complete:
        return ()
    return [
        f"{question_id}: is not asked on this path, so it may not be answered; leave it out, or use --drop-off-path"
        for question_id in accepted
        if question_id not in journey.answers
    ]
