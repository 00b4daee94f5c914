"""What the tests of exports share: some people's codes, and dice that fall alike in every run."""

import random

import pytest

from tests import codes
from triage.exports import code


@pytest.fixture
def draw():
    return random.Random(7)  # noqa: S311 - repeatable people, not secrets


@pytest.fixture(scope="session")
def some_codes(knowledge):
    """Codes of fifty people, every other one of them as people come."""
    people = codes.people(knowledge, 50, random.Random(8))  # noqa: S311 - repeatable people, not secrets
    return [code.write(knowledge.numbering, codes.sheet_of(knowledge, answers)) for answers in people]
