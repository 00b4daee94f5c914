"""The people in the rules files: each comes out as the author wrote, and a case that does not is reported."""

import pytest

from triage import resources
from triage.assessment import Assessor
from triage.cases import run
from triage.errors import EngineError
from triage.knowledge import Urgency, load, read
from triage.knowledge.model import Case

FLAGS, QUESTIONS, SCOPE, TOE = "red-flags/signs.toml", "questions.toml", "scope.toml", "deposits/chalk-toe.toml"
REAL = read(resources.folder("rules"))[0].cases


@pytest.mark.parametrize("case", REAL, ids=[case.id for case in REAL])
def test_a_person_of_the_rules_comes_out_as_the_author_wrote(assessor, case):
    assert run(assessor, case).problems == ()


def test_the_people_of_the_rules_reach_every_urgency():
    assert {case.urgency for case in REAL} == set(Urgency)


# -- a case that is wrong ----------------------------------------------------------------------------------------------


def outcome(tiny_rules, **case):
    """What is said about one case more, of a person with these answers and expectations."""
    assessor = Assessor(load(tiny_rules.folder))
    told = {"id": "new-case", "file": SCOPE, "story": "Pat.", "answers": {}, "urgency": Urgency.SELF_CARE}
    return run(assessor, Case(**{**told, **case})).problems


@pytest.mark.parametrize(
    ("case", "said"),
    [
        pytest.param({"urgency": Urgency.SOON}, ["soon", "self-care"], id="another urgency"),
        pytest.param(
            {"answers": {"toe_pain": "sudden"}}, ["self-care", "toe-sudden (routine)"], id="what fired instead is told"
        ),
        pytest.param({"fires": ("numb",)}, ["'numb'", "does not"], id="a red flag that does not fire"),
        pytest.param({"fires": ("overdose",)}, ["'overdose'", "does not"], id="another rule that does not hold"),
        pytest.param(
            {"answers": {"signs": ("numb",)}, "urgency": Urgency.SOON, "near_miss": ("numb",)},
            ["near miss of 'numb'", "fires"],
            id="a near miss that fires",
        ),
        pytest.param(
            {"answers": {"signs": ("unsure",)}, "urgency": Urgency.SOON, "near_miss": ("numb",)},
            ["near miss of 'numb'", "fires"],
            id="a near miss that fires because the person is not sure",
        ),
        pytest.param(
            {"near_miss": ("overdose",)},
            ["no near miss of 'overdose'", "asked"],
            id="a near miss of something that is not asked",
        ),
        pytest.param({"answers": {"dose": "much"}}, ["'dose'", "not asked"], id="an answer off the path"),
        pytest.param(
            {"reversibility": {"chalk-toe": "treatable"}},
            ["'treatable'", "chalk-toe", "often-resolves"],
            id="another category",
        ),
        pytest.param(
            {"reversibility": {"chalk-toe": "withheld"}}, ["'withheld'", "often-resolves"], id="nothing is withheld"
        ),
        pytest.param(
            {
                "answers": {"age": "child"},
                "urgency": Urgency.ROUTINE,
                "reversibility": {"chalk-toe": "often-resolves"},
            },
            ["'often-resolves'", "young"],
            id="it is withheld",
        ),
        pytest.param(
            {"reversibility": {"chalk-heel": "treatable"}}, ["chalk-heel", "did not name"], id="another deposit"
        ),
    ],
)
def test_a_case_that_comes_out_differently_is_told_with_what_came_out(tiny_rules, case, said):
    (problem,) = outcome(tiny_rules, **case)
    assert problem.startswith(f"{SCOPE}: new-case: ")
    assert all(part in problem for part in said), problem


@pytest.mark.parametrize("expected", ["withheld", "young"])
def test_withheld_may_be_expected_in_general_or_with_its_reason(tiny_rules, expected):
    case = {"answers": {"age": "child"}, "urgency": Urgency.ROUTINE, "reversibility": {"chalk-toe": expected}}
    assert outcome(tiny_rules, **case) == ()


def test_everything_that_came_out_differently_is_told_at_once(tiny_rules):
    assert len(outcome(tiny_rules, urgency=Urgency.SOON, fires=("numb", "hot"))) == 3


def test_a_case_that_leaves_out_what_must_be_answered_is_told(tiny_rules):
    tiny_rules.change(QUESTIONS, 'usual = "adult", ', "")
    (problem,) = outcome(tiny_rules)
    assert problem.startswith(f"{SCOPE}: new-case: age: ")
    assert outcome(tiny_rules, answers={"age": "old"}) == ()


def test_a_case_does_not_pass_when_engine_and_witness_do_not_agree(tiny_rules, monkeypatch, caplog):
    assessor = Assessor(load(tiny_rules.folder))

    def fail(_):
        raise EngineError("broken for this test")

    monkeypatch.setattr(assessor.engine, "fired", fail)
    for case in assessor.knowledge.cases:
        assert any("did not agree" in problem for problem in run(assessor, case).problems), case.id
    assert "broken for this test" in caplog.text


def test_a_broken_case_in_a_file_is_a_problem_of_that_file(tiny_rules):
    tiny_rules.change(TOE, 'answers = { toe_pain = "sudden" }, urgency = "routine"', 'answers = {}, urgency = "soon"')
    found = tiny_rules.problems()
    assert len([line for line in found if line.startswith(f"{TOE}: toe-1: expects soon")]) == 1
    assert len([line for line in found if line.startswith(f"{TOE}: toe-1: expects 'toe-sudden' to fire")]) == 1


def test_a_rule_that_changed_without_its_cases_is_noticed(tiny_rules):
    tiny_rules.change(FLAGS, 'id = "hot", urgency = "same-day"', 'id = "hot", urgency = "soon"')
    assert any(
        line.startswith(f"{FLAGS}: hot: expects same-day, but comes out as soon") for line in tiny_rules.problems()
    )
