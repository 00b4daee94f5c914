"""python -m triage verify: runs the proof on all cores, tells its outcome in words, and records it for the page.

The only module of this room that prints. Whatever breaks a property is told as a person: what they answered, and the
same answers as JSON, ready for `python -m triage assess`.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import z3

from triage.assessment import Assessor, without_engine
from triage.errors import AnswerError
from triage.journey import Answers, follow
from triage.knowledge import Knowledge, load, read
from triage.sheet import told
from triage.verify.catch import HARMLESS, NOBODY, Catcher, Caught
from triage.verify.diff import compare as compare_versions
from triage.verify.diff import fingerprint, fingerprint_of_checks, rules_of
from triage.verify.mutation import KINDS
from triage.verify.people import boundary_people, random_person
from triage.verify.properties import EVERYTHING, PROPERTIES, Failure, Outcome, Scope, prove, scope_of
from triage.verify.prover import Prover
from triage.verify.record import FILE as RECORD
from triage.verify.translation import differences
from triage.verify.world import SAID

SHOWN = 3
"""How many of the people who break one property are told in full."""

WITNESSES = "witnesses.json"

_work: dict[str, Any] = {}
"""What a worker process keeps from one task to the next: its prover, or its catcher."""


def verify(folder: Path, changed: Path | None, record: bool) -> int:
    """Prove everything, or what depends on one file; 1 when something does not hold."""
    knowledge = load(folder)
    scope = EVERYTHING if changed is None else scope_of_file(knowledge, folder, changed)
    began = time.perf_counter()
    outcomes = prove_all(knowledge, scope)
    seconds = time.perf_counter() - began
    for outcome in outcomes:
        print(line(outcome))
        for failure in outcome.failures[:SHOWN]:
            print("\n".join(f"    {text}" for text in telling(knowledge, failure)))
        for failure in outcome.failures[SHOWN:]:
            print(f"    {failure.told}")
    broken = sum(not outcome.holds for outcome in outcomes)
    what = f"{len(knowledge.rules)} rules" if changed is None else f"What depends on {changed.name}"
    result = f"{broken} of {len(outcomes)} properties do not hold" if broken else "every property holds"
    print(f"{what} of edition {knowledge.version}: {result} ({seconds:.0f} s, {_solver()})")
    if record and changed is None and not broken:
        _update(folder, knowledge, {"seconds": round(seconds, 1), "properties": [_recorded(o) for o in outcomes]})
        _keep_witnesses(folder, knowledge)
    return 1 if broken else 0


def scope_of_file(knowledge: Knowledge, folder: Path, file: Path) -> Scope:
    """What depends on one file of the rules.

    Raises:
        AnswerError: there is no such file.
    """
    inside = file.resolve()
    name = (
        inside.relative_to(folder.resolve()).as_posix() if inside.is_relative_to(folder.resolve()) else file.as_posix()
    )
    if not (folder / name).is_file():
        raise AnswerError([f"{file}: there is no such file in {folder}"])
    rules = [rule.id for rule in knowledge.rules.values() if rule.file == name]
    questions = [question.id for question in knowledge.questions.values() if question.file == name]
    return scope_of(knowledge, rules, questions)


def prove_all(knowledge: Knowledge, scope: Scope = EVERYTHING) -> list[Outcome]:
    """Every property, in order; each on whatever core is free."""
    tasks = [(number, scope) for number in reversed(range(len(PROPERTIES)))]  # the longest come last in the list
    cores = min(os.cpu_count() or 1, len(tasks))
    with get_context("fork").Pool(cores, _start_proving, (knowledge,)) as pool:
        outcomes = dict(pool.imap_unordered(_prove, tasks))
    return [outcomes[number] for number in range(len(PROPERTIES))]


def _start_proving(knowledge: Knowledge) -> None:
    _work["prover"] = Prover(knowledge)


def _prove(task: tuple[int, Scope]) -> tuple[int, Outcome]:
    number, scope = task
    return number, prove(_work["prover"], PROPERTIES[number], scope)


# -- in words ----------------------------------------------------------------------------------------------------------


def line(outcome: Outcome) -> str:
    """One property in one line."""
    found = "holds" if outcome.holds else f"DOES NOT HOLD ({len(outcome.failures)})"
    prop = outcome.prop
    return f"{prop.id:22}{found:20}{outcome.checked:6} {prop.unit:30}{outcome.seconds:7.1f} s  {prop.says}"


def telling(knowledge: Knowledge, failure: Failure) -> Iterator[str]:
    """One failure as lines: what is wrong, the person in words, and the answers as `assess` reads them."""
    yield failure.told + ("." if failure.before is None else ". A person who shows it:")
    if failure.before is None:
        return
    yield from (f"  {text}" for text in person(knowledge, failure.before))
    if failure.after is None:
        yield f"  {_for_assess(knowledge, failure.before)}"
        return
    yield f"  before: {_result(knowledge, failure.before)}  {_for_assess(knowledge, failure.before)}"
    yield f"  after:  {_result(knowledge, failure.after)}  {_for_assess(knowledge, failure.after)}"


def person(knowledge: Knowledge, answers: Answers) -> Iterator[str]:
    """Who somebody is, in the words they saw: every answer on their path that is not the usual one."""
    journey = follow(knowledge, answers)
    unusual = 0
    for question, said in zip(journey.questions, told(knowledge, journey), strict=True):
        answer = journey.answers[question.id]
        if ((answer,) if isinstance(answer, str) else answer) != question.usual:
            unusual += 1
            yield f"{said.question} {'; '.join(said.answers)}"
    rest = len(journey.questions) - unusual
    yield f"and the usual answer to {'the other ' if unusual else 'all '}{rest} questions"


def _result(knowledge: Knowledge, answers: Answers) -> str:
    return without_engine(knowledge, follow(knowledge, answers).findings).urgency.word


def _for_assess(knowledge: Knowledge, answers: Answers) -> str:
    counted = follow(knowledge, answers).answers
    return json.dumps({"answers": dict(counted)}, ensure_ascii=False)


# -- is the proof about the real thing? --------------------------------------------------------------------------------


def compare(folder: Path, number: int, record: bool) -> int:
    """Compare the readings of the rules on that many random people and on everybody at a boundary; 1 if they differ."""
    knowledge = load(folder)
    began = time.perf_counter()
    boundary = list(boundary_people(Prover(knowledge)))
    print(f"{len(boundary)} people stand at the boundary of a criterion ({time.perf_counter() - began:.0f} s)")
    draw = random.Random(knowledge.version)  # noqa: S311 - repeatable people, not secrets
    people = chain(boundary, (random_person(knowledge, draw) for _ in range(number)))
    found: Counter[str] = Counter()
    with get_context("fork").Pool(os.cpu_count() or 1, _start_comparing, (knowledge,)) as pool:
        for differences in pool.imap(_compare, _batches(people, 1000)):
            found.update(differences)
    for difference, times in found.most_common(20):
        print(f"    {difference} ({times} people)")
    seconds = time.perf_counter() - began
    everybody, differ = number + len(boundary), sum(found.values())
    print(f"formulas, witness and durable-rules on {everybody} people: {differ} differences ({seconds:.0f} s)")
    if record:
        figures = {"people": number, "boundary": len(boundary), "differences": differ, "seconds": round(seconds, 1)}
        _update(folder, knowledge, {"translation": {**figures, "decided": fingerprint(knowledge)}})
    return 1 if found else 0


def _batches(people: Iterator[Answers], size: int) -> Iterator[list[Answers]]:
    while batch := list(islice(people, size)):
        yield batch


def _start_comparing(knowledge: Knowledge) -> None:
    _work["assessor"] = Assessor(knowledge)


def _compare(people: list[Answers]) -> list[str]:
    assessor: Assessor = _work["assessor"]
    return [told.split(": ", 1)[1] for told in differences(assessor.knowledge, people, assessor)]


# -- two versions ------------------------------------------------------------------------------------------------------


def diff(old: str, new: str) -> int:
    """Say for whom the result changed between two versions of the rules, and in which direction."""
    with rules_of(old) as old_folder, rules_of(new) as new_folder:
        was, foreign = read(old_folder)  # today's reader may ask of it what nobody knew then
        now = load(new_folder)
    found = compare_versions(was, now)
    print(f"From edition {was.version} to {now.version}; what is decided: {fingerprint(was)} to {fingerprint(now)}")
    if foreign:
        print(f"{len(foreign)} things in the old rules are not as they have to be today, beginning with: {foreign[0]}")
    gone, come = was.rules.keys() - now.rules.keys(), now.rules.keys() - was.rules.keys()
    print(f"Rules: {len(come)} new, {len(gone)} gone, {_reworded(was, now)} reworded")
    counts = Counter(move.direction for move in found.moves)
    told = ", ".join(f"{number} {direction}" for direction, number in sorted(counts.items()))
    print(f"Of {found.classes} answer classes (a place and a result): {told or 'nobody got another result'}")
    for move in found.moves:
        place = move.place or "before a place is asked for"
        print(f"\n{place}: {move.was} -> {move.now} ({move.direction}). For example:")
        print("\n".join(f"  {text}" for text in person(now, move.person)))
        print(f"  {_for_assess(now, move.person)}")
    return 0


def _reworded(was: Knowledge, now: Knowledge) -> int:
    return sum(was.rules[name].texts != now.rules[name].texts for name in was.rules.keys() & now.rules.keys())


# -- wrong edits -------------------------------------------------------------------------------------------------------


def mutate(folder: Path, file: str, record: bool) -> int:
    """Make every wrong edit, print who notices it, and list those that nobody does; 1 below 95 in 100."""
    began = time.perf_counter()
    caught = catch_all(folder, file)
    rows = []
    for kind in KINDS:
        of_kind = [one for one in caught if one.kind == kind]
        by = Counter(one.by for one in of_kind)
        missed = by[NOBODY] + by[HARMLESS]
        rows.append({"kind": kind, "made": len(of_kind), "caught": len(of_kind) - missed})
        noticed = ", ".join(f"{number} by {who}" for who, number in sorted(by.items()) if who not in (NOBODY, HARMLESS))
        rest = f"; {by[HARMLESS]} change nothing, {by[NOBODY]} unnoticed" if missed else ""
        print(f"{kind:24}{len(of_kind):6} made  {len(of_kind) - missed:6} caught: {noticed}{rest}")
    survivors = [one for one in caught if one.by in (NOBODY, HARMLESS)]
    for one in survivors:
        print(f"    {one.file}: {one.told}: {one.says or 'UNNOTICED'}")
    share = 1 - len(survivors) / max(len(caught), 1)
    print(f"{len(caught)} wrong edits, {share:.1%} caught ({time.perf_counter() - began:.0f} s)")
    if record and not file:
        because = [{"rule": one.rule, "told": one.told, "because": one.says} for one in survivors]
        knowledge = load(folder)
        tried = {"mutations": rows, "survivors": because, "mutated": fingerprint_of_checks(knowledge)}
        _update(folder, knowledge, tried)
    return 0 if share >= 0.95 and not any(one.by == NOBODY for one in survivors) else 1


def catch_all(folder: Path, file: str = "") -> Sequence[Caught]:
    """What became of every mutant, on all cores."""
    catcher = Catcher(folder, datetime.now(UTC).date())
    numbers = range(sum(1 for _ in catcher.mutants(file)))
    with get_context("fork").Pool(os.cpu_count() or 1, _start_catching, (catcher, file)) as pool:
        return pool.map(_catch, numbers, chunksize=8)


def _start_catching(catcher: Catcher, file: str) -> None:
    _work["catcher"], _work["mutants"] = catcher, list(catcher.mutants(file))


def _catch(number: int) -> Caught:
    catcher: Catcher = _work["catcher"]
    return catcher.catch(_work["mutants"][number])


# -- the record --------------------------------------------------------------------------------------------------------


def _solver() -> str:
    return f"z3 {z3.get_version_string()}"


def _recorded(outcome: Outcome) -> dict[str, Any]:
    prop = outcome.prop
    return {
        "id": prop.id,
        "title": prop.title,
        "says": prop.says,
        "checked": outcome.checked,
        "unit": prop.unit,
        "seconds": round(outcome.seconds, 1),
        "holds": outcome.holds,
        "counterexample": outcome.failures[0].told if outcome.failures else None,
    }


def _update(folder: Path, knowledge: Knowledge, part: dict[str, Any]) -> None:
    """Write one part of the record. A part that is about other rules than these does not stay beside it."""
    path = folder / RECORD
    record: dict[str, Any] = {}
    if path.is_file():
        record = json.loads(path.read_text(encoding="utf-8"))
    if record.get("rules_version") != knowledge.version:
        compared = record.get("translation")
        kept = compared if compared and compared["decided"] == fingerprint(knowledge) else None
        tried = {"mutations": [], "survivors": [], "mutated": ""}
        if record.get("mutated") == fingerprint_of_checks(knowledge):
            tried = {key: record[key] for key in tried}
        record = {"seconds": 0, "properties": [], "translation": kept, **tried}
    head = {"rules_version": knowledge.version, "recorded": datetime.now(UTC).date().isoformat(), "solver": _solver()}
    _write(path, {**head, **{key: value for key, value in record.items() if key not in head}, **part})


def _keep_witnesses(folder: Path, knowledge: Knowledge) -> None:
    """For each rule that can be said, the most ordinary person to whom it is said: only the unusual answers."""
    said = sorted(rule.id for rule in knowledge.rules.values() if isinstance(rule, SAID))
    with get_context("fork").Pool(os.cpu_count() or 1, _start_proving, (knowledge,)) as pool:
        kept = dict(pool.imap(_witness, said, chunksize=16))
    _write(folder / WITNESSES, {"rules_version": knowledge.version, "said_to": kept})


def _witness(rule_id: str) -> tuple[str, dict[str, Any]]:
    prover: Prover = _work["prover"]
    answers = prover.person(prover.world.said[rule_id])
    if answers is None:
        raise ValueError(f"{rule_id} is never said, so it has no witness")
    knowledge = prover.knowledge
    on_path = follow(knowledge, answers).answers
    words = {name: (answer,) if isinstance(answer, str) else answer for name, answer in on_path.items()}
    return rule_id, {name: on_path[name] for name in on_path if words[name] != knowledge.questions[name].usual}


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
