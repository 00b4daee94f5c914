"""Whatever a person does, in whatever order: what they see is worked out from the answers they see."""

from hypothesis import Phase, settings

from tests.promises.sequences import Sequences
from triage.web import create_app

Sequences.app = create_app({})
TestSequences = Sequences.TestCase
# A sequence of 15 steps can be read as it is; to look for a shorter one takes many minutes.
TestSequences.settings = settings(
    max_examples=15, stateful_step_count=15, derandomize=True, deadline=None, phases=[Phase.generate]
)
