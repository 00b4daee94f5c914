"""The command line: python -m triage serve | proxy | check | numbering | questions | assess | explain | verify | diff.

Reads arguments and files, asks the rooms, prints. Exit 0: done. Exit 1: something is wrong with the guide itself.
Exit 2: something is wrong with what was given; one line on standard error says what, and what is allowed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from triage import cases, journey, resources, whatif
from triage.assessment import Assessment, Assessor
from triage.errors import AnswerError, GuideError
from triage.knowledge import Knowledge, load, numbering, read
from triage.knowledge import check as knowledge_check
from triage.knowledge.criteria import AllOf, AnyOf, Criterion, Test
from triage.knowledge.model import Question
from triage.knowledge.telling import told
from triage.sheet import make_sheet
from triage.whatif import NOTHING, Outlook


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m triage", description=__doc__.splitlines()[0])
    parser.add_argument("--rules", type=Path, help="another folder of rules (default: the guide's own)")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve the guide in the browser")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--bind", help="host:port or unix:/path, instead of --host and --port")
    proxy = commands.add_parser("proxy", help="write what a proxy in front needs: the page for when the guide is down")
    proxy.add_argument("folder", type=Path, help="where to, such as /etc/nginx/triage")
    check = commands.add_parser("check", help="say everything that is wrong with the rules")
    check.add_argument("file", nargs="?", type=Path, help="only what concerns this file")
    commands.add_parser("numbering", help="give every new question and option its permanent number, for codes")
    questions = commands.add_parser("questions", help="print pages and questions as JSON")
    questions.add_argument("--count", action="store_true", help="count them for each deposit, without warning signs")
    verify = commands.add_parser("verify", help="prove the rules for all answer sets (needs the development tools)")
    verify.add_argument("--changed", type=Path, metavar="FILE", help="prove only what depends on this file")
    verify.add_argument("--mutate", nargs="?", const="", metavar="FILE", help="make every wrong edit: who notices it?")
    verify.add_argument(
        "--compare", type=int, metavar="N", help="compare the proof's reading with the others on N people"
    )
    verify.add_argument("--record", action="store_true", help="keep the result for the page that shows it")
    diff = commands.add_parser("diff", help="say for whom the result changed between two versions of the rules")
    diff.add_argument("versions", nargs=2, metavar=("OLD", "NEW"), help="folders of rules, or git revisions")
    assess = commands.add_parser("assess", help="assess an answer set and print the result as JSON")
    explain = commands.add_parser("explain", help="say in words which answers made which rules hold")
    for command in (assess, explain):
        command.add_argument("file", help='{"answers": {"<question>": "<option>" or ["<option>", ...]}}; - for stdin')
        command.add_argument("--drop-off-path", action="store_true", help="ignore answers to questions off the path")
    given = parser.parse_args(arguments)
    folder = given.rules or resources.folder("rules")
    try:
        if given.command == "check":
            return _check(folder, given.file)
        if given.command == "serve":
            from triage.web.server import serve as run_server

            return run_server(given.bind or f"{given.host}:{given.port}")
        if given.command == "proxy":
            from triage.web.proxy import write

            return write(given.folder)
        if given.command in ("verify", "diff"):
            return _verify(folder, given)
        knowledge = load(folder)
        if given.command == "numbering":
            return _number(folder, knowledge)
        if given.command == "questions" and given.count:
            print("\n".join(question_counts(knowledge)))
            return 0
        if given.command == "questions":
            _print(questions_json(knowledge))
            return 0
        path = journey.read_answers(knowledge, _answers(given.file), given.drop_off_path)
        assessor = Assessor(knowledge)
        assessment = assessor.assess(path.findings)
        whole = whatif.everything(assessor, path, assessment)
        if given.command == "assess":
            on_sheet = whatif.for_patient(assessor, path, assessment)
            _print(assessment_json(knowledge, path, assessment, whole, on_sheet))
        else:
            print("\n".join(explanation(knowledge, path, assessment, whole)))
        return 0
    except AnswerError as error:
        print(error, file=sys.stderr)
        return 2
    except GuideError as error:
        print(error, file=sys.stderr)
        return 1


def _print(value: object) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    print()


def _check(folder: Path, only: Path | None) -> int:
    knowledge, problems = read(folder)
    if not problems:
        problems = knowledge_check.problems(knowledge, datetime.now(UTC).date())
        problems += [*knowledge_check.unproven(knowledge), *cases.problems(Assessor(knowledge))]
        problems += numbering.problems(knowledge)
    if only is not None:
        try:
            name = only.resolve().relative_to(folder.resolve()).as_posix()
        except ValueError:
            name = only.as_posix()
        if not (folder / name).is_file():
            raise AnswerError([f"{only}: there is no such file in {folder}"])
        problems = [problem for problem in problems if problem.startswith(f"{name}:")]
        if not problems:
            print(f"Nothing is wrong in {name}.")
            return 0
    print("\n".join(problems) if problems else _all_well(knowledge))
    return 1 if problems else 0


def _number(folder: Path, knowledge: Knowledge) -> int:
    added = numbering.additions(knowledge)
    if not added:
        print("Everything has its number already.")
        return 0
    file = folder / numbering.FILE
    before = file.read_text(encoding="utf-8") if file.exists() else numbering.HEAD
    file.write_text(before + added, encoding="utf-8")
    print(f"Added to the end of {numbering.FILE}; keep it with the change that needed it.")
    return 0


def _verify(folder: Path, given: argparse.Namespace) -> int:
    try:
        from triage.verify import command
    except ModuleNotFoundError as error:
        raise GuideError(
            f"{given.command} needs the development tools ({error.name} is missing): 'make test' installs them"
        ) from error
    if given.command == "diff":
        return command.diff(*given.versions)
    if given.mutate is not None:
        return command.mutate(folder, given.mutate, given.record)
    if given.compare is not None:
        return command.compare(folder, given.compare, given.record)
    return command.verify(folder, given.changed, given.record)


def _all_well(knowledge: Knowledge) -> str:
    return (
        f"Nothing is wrong. Edition {knowledge.version}: {len(knowledge.deposits)} deposits, "
        f"{len(knowledge.questions)} questions, {len(knowledge.rules)} rules, {len(knowledge.sources)} sources, "
        f"{len(knowledge.cases)} cases."
    )


def _answers(file: str) -> object:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AnswerError([f"{file}: cannot be read: {error}"]) from error
    try:
        given = json.loads(text, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:  # also a number with more digits than Python reads
        raise AnswerError([f"{file}: is not JSON: {error}"]) from error
    if not isinstance(given, dict) or set(given) != {"answers"}:
        raise AnswerError([f'{file}: must be {{"answers": {{"<question id>": "<option id>", ...}}}} and nothing else'])
    return given["answers"]


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise AnswerError([f"{key}: is given twice; give each question once"])
    return dict(pairs)


def criterion_json(criterion: Criterion) -> Any:
    """A criterion as JSON: {"finding", "is"} for a test, {"all": [...]} or {"any": [...]} for the rest."""
    match criterion:
        case Test(finding, values):
            return {"finding": finding, "is": list(values)}
        case AllOf(parts):
            return {"all": [criterion_json(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [criterion_json(part) for part in parts]}


def _question_json(knowledge: Knowledge, question: Question) -> dict[str, Any]:
    always = isinstance(question.enable_when, AllOf) and not question.enable_when.parts
    return {
        "id": question.id,
        "text": question.text,
        "type": question.type,
        "options": [{"id": word, "text": question.words(word)} for word in question.allowed],
        "exclusive": [word for word in question.allowed if question.none and word == "none"],
        "stops": [option.id for option in question.options if option.stops],
        "enable_when": None if always else criterion_json(question.enable_when),
    }


def questions_json(knowledge: Knowledge) -> dict[str, Any]:
    """The pages in order, each with its questions."""
    return {
        "rules_version": knowledge.version,
        "pages": [
            {
                "id": page.id,
                "title": page.title,
                "questions": [_question_json(knowledge, q) for q in knowledge.page_questions[page.id]],
            }
            for page in knowledge.pages
        ],
    }


def question_counts(knowledge: Knowledge) -> list[str]:
    """For each deposit, how many pages and questions a person meets who names only it and has no warning sign."""
    lines = []
    for deposit in knowledge.deposits:
        path = journey.with_usual(knowledge, {knowledge.place_question: (deposit,)})
        lines.append(f"{deposit}: {len(path.steps)} pages, {len(path.questions)} questions")
    return lines


def _outlook_json(outlook: Outlook) -> dict[str, Any]:
    unknown = outlook.find_out_first
    return {
        "raises": [
            {
                "question": effect.change.question.id,
                "answer": effect.change.option,
                "urgency": effect.urgency.word,
                "rules": [rule.id for rule in effect.rules],
            }
            for effect in outlook.raises
        ],
        "find_out_first": unknown
        and {
            "question": unknown.question.id,
            "answers": [effect.change.option for effect in unknown.effects],
            "urgency": unknown.urgency.word if unknown.urgency else None,
            "reversibility": unknown.verdict,
            "sentences": unknown.sentences,
            "rules": list(dict.fromkeys(rule.id for effect in unknown.effects for rule in effect.rules)),
        },
    }


def assessment_json(
    knowledge: Knowledge,
    path: journey.Journey,
    assessment: Assessment,
    whole: Outlook = NOTHING,
    on_sheet: Outlook = NOTHING,
) -> dict[str, Any]:
    """The result as other tools read it (design.md section 6), with what would change it."""
    sheet = make_sheet(knowledge, assessment, path, {}, on_sheet)
    return {
        "urgency": assessment.urgency.word,
        "by_days": knowledge.dispositions[assessment.urgency].by_days,
        "fail_safe": assessment.fail_safe or None,
        "firings": [
            {
                "rule": firing.rule.id,
                "urgency": firing.urgency.word,
                "because": firing.rule.because,
                "certain": firing.certain,
                "stepped_up_by": [step.id for step in firing.stepped_up_by],
                "sources": list(firing.rule.sources),
                "findings": dict(firing.findings),
            }
            for firing in assessment.firings
        ],
        "deposits": [
            {"id": result.deposit.id, "reversibility": result.category, "withheld": result.withheld or None}
            for result in assessment.deposits
        ],
        "cautions": [
            {"rule": rule.id, "text": rule.text, "sources": list(rule.sources)} for rule in assessment.cautions
        ],
        "next_steps": [
            {"rule": rule.id, "text": rule.text, "sources": list(rule.sources)} for rule in assessment.next_steps
        ],
        "said": [
            {"text": sentence.text, "rule": sentence.rule, "sources": list(sentence.sources)} for sentence in sheet.said
        ],
        "what_would_change": _outlook_json(whole),
        "rules_version": knowledge.version,
    }


def explanation(
    knowledge: Knowledge, path: journey.Journey, assessment: Assessment, whole: Outlook = NOTHING
) -> list[str]:
    """Which findings made which rules hold, and what would change the result, in words."""
    lines = [f"Urgency: {assessment.urgency.word}"]
    if assessment.fail_safe:
        lines.append(f"This is the careful result: {assessment.fail_safe}.")
    if path.stopped:
        lines.append("The journey ended early: one of the answers is an emergency whatever else is true.")
    for firing in assessment.firings:
        sure = "" if firing.certain else f" (not sure, so one step below {firing.rule.urgency.word})"
        raised = "".join(f" (one step up: {step.id})" for step in firing.stepped_up_by)
        lines.append(f"\n{firing.rule.id}: {firing.urgency.word}{sure}{raised}")
        lines.append(f"  {firing.rule.because}")
        lines.extend(_because(knowledge, dict(firing.findings)))
    explained = {firing.rule.id for firing in assessment.firings}
    for rule in knowledge.rules.values():
        if rule.id in assessment.held and rule.id not in explained and rule.conditional:
            lines.append(f"\n{rule.id} ({type(rule).__name__.lower()}) holds")
            tested = {test.finding: path.findings[test.finding] for test in rule.criterion.tests()}
            lines.extend(_because(knowledge, tested))
    for result in assessment.deposits:
        lines.append(
            f"\n{result.deposit.id}: {result.category}" + (f", withheld: {result.withheld}" * bool(result.withheld))
        )
    return [*lines, *_outlook_lines(whole)]


def _outlook_lines(outlook: Outlook) -> Iterator[str]:
    if outlook.raises:
        yield "\nEach of these answers alone would make it more urgent:"
    for effect in outlook.raises:
        question, rules = effect.change.question, ", ".join(rule.id for rule in effect.rules)
        words = question.words(effect.change.option)
        yield f"  - at least {effect.urgency.word}: {question.text} {words} ({rules})"
    unknown = outlook.find_out_first
    if unknown:
        yield f"\nTo find out first: {unknown.question.text}"
        if unknown.urgency:
            yield f"  - it could become {unknown.urgency.word}"
        if unknown.verdict:
            yield "  - what deposits of a kind tend to do could become known, or be something else"
        yield f"  - up to {unknown.sentences} sentences could come or go"


def _because(knowledge: Knowledge, findings: Mapping[str, str]) -> list[str]:
    return [
        f"  - {told(knowledge, Test(finding, (value,)))} ({finding} = {value})" for finding, value in findings.items()
    ]


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
