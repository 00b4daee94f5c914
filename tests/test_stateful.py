"""Whatever a person does, in whatever order: what they see is worked out from the answers they see."""

from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.promises.sequences import Sequences
from triage.web import create_app

# A sequence of 15 steps can be read as it is; to look for a shorter one takes many minutes.
SHORT = settings(max_examples=15, stateful_step_count=15, derandomize=True, deadline=None, phases=[Phase.generate])


def test_back_old_pages_second_tabs_and_clearing_never_show_a_result_of_other_answers():
    Sequences.app = create_app({})
    run_state_machine_as_test(Sequences, settings=SHORT)
