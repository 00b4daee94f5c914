"""Wrong edits: every kind is made, and each one made to the real rules is noticed in words a clinician can read."""

from datetime import UTC, datetime

import pytest

from triage import resources
from triage.knowledge.model import RedFlag, Reversibility
from triage.verify.catch import HARMLESS, NOBODY, PROOF, Catcher
from triage.verify.mutation import KINDS

TRIED = 5
"""How many slips of each kind are made to the real rules."""
FEWEST_WORDS = 5


@pytest.fixture(scope="module")
def real():
    return Catcher(resources.folder("rules"), datetime.now(UTC).date())


@pytest.fixture
def tiny(tiny_rules):
    tiny_rules.change("scope.toml", 'when = { pill = "yes" }', 'when = { pill = "yes", is_weak = "no" }')
    return Catcher(tiny_rules.folder, datetime(2026, 6, 1, tzinfo=UTC).date())


def told(catcher, kind):
    return [mutant.told for mutant in catcher.mutants() if mutant.kind == kind]


def test_every_kind_of_slip_is_made(tiny):
    made = {kind: told(tiny, kind) for kind in KINDS}
    flags = tiny.knowledge.of_kind(RedFlag)
    assert len(made["drop a red flag"]) == len(made["lower its urgency"]) == len(flags)
    assert "'hot' is soon instead of same-day" in made["lower its urgency"]
    assert "'pill-myth': any of its tests is enough" in made["swap all and any"]
    assert "'toe-goes': all of its alternatives are needed" in made["swap all and any"]
    assert "'pill-myth': no longer tests is_weak" in made["drop a test"]
    assert "'hot': hot = no instead of yes" in made["negate an answer"]
    assert "'toe-sudden': toe_pain = slow or no-pain or unsure instead of sudden" in made["negate an answer"]
    assert made["swap two categories"] == ["'toe-goes' (often-resolves) and 'toe-stays' (treatable) change places"]


def test_a_mutant_differs_from_the_rules_in_one_table(tiny):
    for mutant in tiny.mutants():
        changed = [
            (file, kind)
            for file, tables in mutant.files.items()
            for kind in tables
            if tables[kind] != tiny.files[file][kind]
        ]
        assert len(changed) == 1 and changed[0][0] == mutant.file, mutant.told


def test_what_cases_and_check_miss_the_proof_finds(real):
    lowered = (real.catch(mutant) for mutant in real.mutants() if mutant.kind == "lower its urgency")
    assert any(caught.by == PROOF and caught.rule in caught.says for caught in lowered)


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_edit_of_the_real_rules_is_noticed_in_words(real, kind):
    slips = [mutant for mutant in real.mutants() if mutant.kind == kind]
    for slip in slips[:: max(len(slips) // TRIED, 1)]:
        caught = real.catch(slip)
        assert caught.by != NOBODY, slip.told
        assert len(caught.says.split()) > FEWEST_WORDS, f"{slip.told}: {caught.says!r} says too little"


def test_a_slip_that_changes_nothing_is_told_to_be_harmless(tiny_rules):
    # toe_long is only asked of those whose pain came slowly, so the second test can go.
    tiny_rules.change(
        "deposits/chalk-toe.toml",
        'when = { toe_long = ["yes", "unsure"] }',
        'when = { toe_long = ["yes", "unsure"], toe_pain = "slow" }',
    )
    catcher = Catcher(tiny_rules.folder, datetime(2026, 6, 1, tzinfo=UTC).date())
    slip = next(mutant for mutant in catcher.mutants() if mutant.told == "'toe-stays': no longer tests toe_pain")
    assert catcher.catch(slip).by == HARMLESS


def test_the_real_rules_have_slips_of_every_kind(real):
    categories = real.knowledge.of_kind(Reversibility)
    assert all(told(real, kind) for kind in KINDS) and categories
