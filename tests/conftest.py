"""What every test may use: the real knowledge with its engine, and tiny rules that a test breaks in one place."""

import re
from datetime import date
from pathlib import Path

import pytest

from tests.hazard_log import HazardLog, named_tests
from triage import cases, resources
from triage.assessment import Assessor
from triage.knowledge import Urgency, check, load, read
from triage.knowledge.model import NOTICE_ROLES, WORDS


def pytest_configure(config):
    """A run of all tests ends with the question whether it verified every control of the hazard log."""
    # Read without its faults: what is wrong with the rules is for the tests to say.
    config.pluginmanager.register(HazardLog(named_tests(read(resources.folder("rules"))[0].hazards)), "hazard log")


SHORT = {"BOOK": 'sources = ["book"]', "SELF": 'urgency = "self-care"', "WHY": 'why = "It counts.", sources = ["book"]'}
TINY = {
    "edition.toml": 'edition = { version = "tiny", dated = 2026-01-01, reviewed = 2026-01-01, due = 2027-01-01 }',
    "sources.toml": """source = [{ id = "book", publisher = "Us", title = "A book", kind = "review", \
  published = "2026", seen = "seen", checked = 2026-01-01, brief = "All.", url = "https://example.org" }]""",
    "words.toml": "[words]\n" + "\n".join(f'"{word}" = "the {word}"' for word in WORDS),
    "notices.toml": "".join(f'[[notice]]\nid = "{role}"\ntext = "This is {role}."\nBOOK\n' for role in NOTICE_ROLES),
    "dispositions.toml": "".join(
        f'[[disposition]]\nid = "do-{urgency.word}"\nurgency = "{urgency.word}"\nlabel = "So"\nheading = "Do it"\n'
        f'BOOK\nsteps = ["Ask {{clinic}}."]\nsafety_net = ["Call {{emergency_number}} if {urgency.word} fails."]\n'
        + 'by_days = 7\nby_then = "Ask again on {by_date}."\n'
        * (urgency != Urgency.EMERGENCY)
        for urgency in Urgency
    ),
    "questions.toml": """page = [{ id = "now", title = "1", part = "A" }, { id = "signs", title = "2", part = "A" }, \
  { id = "you", title = "3", part = "B" }, { deposits_here = true, part = "C" }, \
  { id = "health", title = "4", part = "D" }, { id = "more", title = "5", part = "D" }]
question = [
  { id = "alarm", page = "now", type = "multi", tick_wins = true, text = "Pain?", WHY, none = "No" },
  { id = "signs", page = "signs", type = "multi", tick_wins = true, text = "Sign?", WHY, none = "No" },
  { id = "age", page = "you", type = "choice", ordered = true, text = "Age?", WHY, usual = "adult", \
  option = [{ id = "child", text = "Small" }, { id = "adult", text = "Tall" }, { id = "old", text = "Old" }] },
  { id = "where", page = "you", type = "multi", options_are_deposits = true, usual = "chalk-toe", text = "Where?", \
  WHY, unsure = false, no_unsure_because = "A place is known." },
  { id = "health", page = "health", type = "multi", text = "Ill?", WHY, none = "No", \
  option = [{ id = "is_weak", text = "Weak" }, { id = "pill", text = "A pill" }] },
  { id = "dose", page = "more", type = "choice", text = "Dose?", WHY, usual = "little", \
  enable_when = { pill = "yes" }, option = [{ id = "little", text = "Bit" }, { id = "much", text = "Lot" }] }]""",
    "red-flags/signs.toml": """red_flag = [{ id = "heart-pain", urgency = "emergency", because = "The heart.", BOOK, \
  ask = { question = "alarm", stops = true, text = "Crushing" } },
  { id = "hot", urgency = "same-day", tags = ["infection"], because = "It can be an infection.", BOOK, \
  meanwhile = "Keep still.", ask = { question = "signs", text = "Hot" } }, { id = "numb", urgency = "soon", \
  tags = ["nerve"], because = "A nerve.", BOOK, ask = { question = "signs", text = "Numb" } }]
case = [{ id = "hot", story = "A", answers = { signs = ["hot"] }, urgency = "same-day", fires = ["hot"] },
  { id = "numb", story = "Bo", answers = { signs = ["numb"] }, urgency = "soon", fires = ["numb"] },
  { id = "weak", story = "Cy", answers = { signs = ["hot"], health = ["is_weak"] }, urgency = "emergency", \
  fires = ["weak-body"], near_miss = ["pill-myth"] },
  { id = "well", story = "Di", answers = {}, SELF, near_miss = ["hot", "numb", "heart-pain"] }]""",
    "scope.toml": """caution = [{ id = "overdose", when = { dose = "much" }, text = "Ask about the dose.", BOOK }]
step_up = [{ id = "weak-body", when = { is_weak = "yes" }, tags = ["infection", "nerve"], because = "Weak.", BOOK }]
withhold = [{ id = "young", when = { age = "child" }, at_least = "routine", text = "Ask a doctor first.", BOOK }]
myth = [{ id = "pill-myth", when = { pill = "yes" }, fact = "Pills clear nothing.", myth = "They do.", BOOK }]
case = [{ id = "small", story = "Ed", answers = { age = "child" }, urgency = "routine", fires = ["young"] },
  { id = "bit", story = "Flo", answers = { health = ["pill"] }, SELF, fires = ["pill-myth"], \
  near_miss = ["overdose", "weak-body", "young"] },
  { id = "lot", story = "Al", answers = { health = ["pill"], dose = "much" }, SELF, fires = ["overdose"] }]""",
    "deposits/chalk-toe.toml": """deposit = { name = "chalk in a toe", place = "Toe", group = "Other organs", \
  order = 10, base_urgency = "self-care", about = "It is chalk.", BOOK, reviewed = 2026-01-01, due = 2027-01-01 }
page = [{ id = "toe", title = "Your toe" }, { id = "toe-2", title = "More about your toe" }]
question = [{ id = "toe_pain", page = "toe", type = "choice", text = "Pain?", WHY, usual = "slow", \
  option = [{ id = "sudden", text = "Quick" }, { id = "slow", text = "Slow" }, { id = "no-pain", text = "None" }] },
  { id = "toe_long", page = "toe-2", type = "yes-no", text = "For long?", WHY, usual = "no", \
  enable_when = { toe_pain = "slow" } }]
red_flag = [{ id = "toe-sudden", urgency = "routine", when = { toe_pain = "sudden" }, because = "See it.", BOOK }]
reversibility = [{ id = "toe-goes", category = "often-resolves", deposit_goes = "Such chalk often goes.", BOOK, \
  when = { any = [{ toe_pain = ["sudden", "no-pain", "unsure"] }, { toe_long = ["no", "unsure"] }] }, \
  symptoms_go = "Pain often goes." }, { id = "toe-stays", category = "treatable", deposit_goes = "Such chalk stays.", \
  symptoms_go = "Pain can go.", when = { toe_long = "yes" }, BOOK }]
treatment = [{ id = "toe-rest", when = { toe_pain = ["sudden", "slow"] }, what = "Rest", evidence = "weak", BOOK, \
  used_when = "When it hurts", does = "Eases pain." }]
next_step = [{ id = "toe-walk", text = "Walk a little every day.", BOOK }]
ask_doctor = [{ id = "toe-ask", text = "Which toe is it?", BOOK }]
disagreement = [{ id = "toe-dispute", topic = "Does it go?", we_follow = "We follow the book.", BOOK, \
  view = [{ who = "A", says = "It goes.", source = "book" }, { who = "B", says = "It stays.", source = "book" }] }]
nurse_card = [{ id = "toe-card", about = ["toe-goes", "toe-stays"], say = "Chalk can go.", BOOK, \
  teach_back = "What do you expect?", good_answer = "It may go.", misunderstanding = "It is forever." }]
case = [{ id = "toe-1", story = "Ivy", answers = { toe_pain = "sudden" }, urgency = "routine", \
  fires = ["toe-sudden", "toe-rest"] },
  { id = "toe-2", story = "Jo", answers = { toe_pain = "no-pain" }, SELF, near_miss = ["toe-rest"] },
  { id = "toe-3", story = "Kit", answers = { toe_long = "yes" }, SELF, near_miss = ["toe-sudden"] },
  { id = "toe-4", story = "Lu", answers = { alarm = ["heart_pain"] }, urgency = "emergency", fires = ["heart-pain"] },
  { id = "toe-5", story = "Mo", answers = { toe_pain = "unsure" }, SELF }]""",
}


class TinyRules:
    """A folder of tiny rules in which nothing is wrong, on the first of June 2026."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for file, text in TINY.items():
            self.write(file, re.sub("|".join(SHORT), lambda found: SHORT[found[0]], text))

    def write(self, file: str, text: str) -> None:
        (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / file).write_text(text, encoding="utf-8")

    def change(self, file: str, old: str, new: str) -> None:
        text = (self.folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}; a test breaks one place"
        self.write(file, text.replace(old, new))

    def problems(self, today: date = date(2026, 6, 1)) -> list[str]:
        """All that `check` says on that day."""
        knowledge, wrong = read(self.folder)
        whole = [*check.problems(knowledge, today), *check.unproven(knowledge)] if not wrong else []
        return wrong or [*whole, *cases.problems(Assessor(knowledge))]


@pytest.fixture
def tiny_rules(tmp_path):
    return TinyRules(tmp_path / "rules")


@pytest.fixture(scope="session")
def knowledge():
    return load(resources.folder("rules"))


@pytest.fixture(scope="session")
def assessor(knowledge):
    return Assessor(knowledge)
