"""The tiny rules as a proof wants them: whoever is not sure is not given hope."""

import pytest

from tests.conftest import TinyRules

TOE = "deposits/chalk-toe.toml"


@pytest.fixture
def tiny_rules(tmp_path):
    rules = TinyRules(tmp_path / "rules")
    rules.change(TOE, '{ toe_long = ["no", "unsure"] }] }', '{ toe_long = "no" }] }')
    rules.change(TOE, 'when = { toe_long = "yes" }', 'when = { toe_long = ["yes", "unsure"] }')
    return rules
