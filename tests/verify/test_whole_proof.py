"""The proof of the real rules: nobody, whatever they answer, is treated against what is promised."""

import pytest

from triage.verify.command import telling
from triage.verify.properties import PROPERTIES, prove
from triage.verify.prover import Prover


@pytest.fixture(scope="module")
def prover(knowledge):
    return Prover(knowledge)


@pytest.mark.parametrize("prop", PROPERTIES, ids=lambda prop: prop.id)
def test_a_property_holds_for_everybody(prover, prop):
    outcome = prove(prover, prop)
    broken = ["\n".join(telling(prover.knowledge, failure)) for failure in outcome.failures]
    assert not broken, "\n" + "\n".join(broken)
    assert outcome.checked, "nothing was put to the solver"
