"""Whatever a person does, in whatever order: what they see is worked out from the answers they see."""

from hypothesis import settings

from tests.promises.sequences import Sequences
from triage.web import create_app

Sequences.app = create_app({})
TestSequences = Sequences.TestCase
TestSequences.settings = settings(max_examples=15, stateful_step_count=15, derandomize=True, deadline=None)
