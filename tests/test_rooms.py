"""The house rules: who may import whom, which words are never heard in which room, and that no clinical `if` hides.

The rules are in the files below as in a table; each scanner is tried on a planted offence as well.
"""

import ast
import re
import sys
import tomllib
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

from triage import resources
from triage.knowledge import NO, NOT_ASKED, UNSURE, YES, Urgency, model
from triage.knowledge.load import TABLES

RULES = resources.folder("rules")
TEMPLATES = resources.folder("templates")
PACKAGE = Path(resources.__file__).parent

LOBBY = {"errors", "resources"}  # every room may come in
MAY_IMPORT = {
    "errors": set(),
    "resources": set(),
    "knowledge": set(),
    "engine": {"knowledge"},
    "journey": {"knowledge"},
    "flow": {"knowledge"},
    "finder": {"knowledge"},
    "assessment": {"knowledge", "engine"},
    "whatif": {"knowledge", "journey", "assessment"},
    "sheet": {"knowledge", "assessment", "whatif"},
    "cases": {"knowledge", "journey", "assessment"},
    "nurse": {"knowledge", "journey", "assessment", "whatif", "sheet"},
    "exports": {"knowledge", "journey", "assessment", "whatif", "sheet"},
    "verify": {"knowledge", "journey", "assessment", "sheet", "cases"},
}
MAY_IMPORT["web"] = MAY_IMPORT.keys() - {"engine"}
MAY_IMPORT["__main__"] = MAY_IMPORT.keys() | {"web"}
DURABLE = {"durable", "durable_rules_engine"}
NEEDS_PACKAGES = {
    "engine": DURABLE,
    "verify": {"z3"},
    "finder": {"rapidfuzz"},
    "exports": {"typst", "segno", "fontpkg_atkinson_hyperlegible", "cryptography"},
    "web": None,
}

NEVER_HEARD = {
    "knowledge": {"request", "durable", "flask"},
    "engine": {"urgency", "question", "flask"},
    "journey": {"html", "urgency", "flask"},
    "flow": {"html", "assessment", "flask"},
    "finder": {"html", "assessment", "flask"},
    "assessment": {"cookie", "template", "toml", "tomllib", "flask"},
    "whatif": {"durable", "template", "flask"},
    "sheet": {"wtforms", "durable", "flask"},
}


# -- the rooms and what they import ------------------------------------------------------------------------------------


def modules():
    """Every module of the package: its path, the room it is in, and its syntax tree."""
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE)
        if inside.as_posix() != "__init__.py" and inside.parts[0] != "_content":
            yield path, inside.parts[0].removesuffix(".py"), ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(tree, package):
    """Every module that a tree imports, wherever in it, by its full name; `package` is where relative ones start."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def package_of(path):
    return ".".join(path.relative_to(PACKAGE.parent).parent.parts)


def rooms_entered(tree, package):
    """The rooms of ours that a tree imports from."""
    rooms = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    named = [name.split(".") for name in imported(tree, package)]
    return {parts[1] for parts in named if parts[0] == "triage" and len(parts) > 1 and parts[1] in rooms}


def test_every_room_has_its_place_in_the_table():
    assert {room for _, room, _ in modules()} == MAY_IMPORT.keys()


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_the_table_allows(room):
    allowed = MAY_IMPORT[room] | LOBBY | {room}
    wrong = {
        f"{path.name} imports {other}"
        for path, its_room, tree in modules()
        if its_room == room
        for other in rooms_entered(tree, package_of(path)) - allowed
    }
    assert not wrong


def test_the_lobby_leads_nowhere():
    for path, room, tree in modules():
        if room in LOBBY:
            assert not rooms_entered(tree, package_of(path)), path.name


@pytest.mark.parametrize(
    "planted",
    [
        "import triage.engine",
        "import triage.engine as e",
        "from triage import engine",
        "from triage import resources, engine as e",
        "from triage.engine import Engine",
        "from ..engine import Engine",
        "from .. import engine",
        "def later():\n    from triage.engine import Engine",
        "if TYPE_CHECKING:\n    from triage.engine import Engine",
    ],
)
def test_an_import_is_seen_however_it_is_written(planted):
    assert "engine" in rooms_entered(ast.parse(planted), "triage.web")


def test_an_import_of_a_neighbour_stays_in_the_room():
    assert rooms_entered(ast.parse("from . import forms\nfrom .state import Run"), "triage.web") == {"web"}


def test_only_the_engine_room_imports_durable_rules():
    importers = set()
    for path, room, tree in modules():
        named = {name.split(".")[0] for name in imported(tree, package_of(path))} | {
            text.split(".")[0] for text, _ in texts(tree) if re.fullmatch(r"[\w.]+", text)
        }
        if named & DURABLE:
            importers.add(room)
    assert importers == {"engine"}


def test_the_rooms_before_the_web_need_nothing_but_the_standard_library():
    for path, room, tree in modules():
        packages = NEEDS_PACKAGES.get(room, set())
        if packages is not None:
            roots = {name.split(".")[0] for name in imported(tree, package_of(path))}
            assert roots <= {*sys.stdlib_module_names, "triage", *packages}, path.name


# -- the words ---------------------------------------------------------------------------------------------------------


def test_every_module_says_at_its_door_what_lives_there():
    trees = [*((path, tree) for path, _, tree in modules())]
    init = PACKAGE / "__init__.py"
    trees.append((init, ast.parse(init.read_text(encoding="utf-8"))))
    assert not [path for path, tree in trees if len((ast.get_docstring(tree) or "").split()) < 4]


def spoken(tree):
    """The words of every name in a tree, in the singular and in lower case."""
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "asname", "module"):
            name = getattr(node, field, None)
            if isinstance(name, str):
                for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name):
                    yield word.lower()
                    yield word.lower().removesuffix("s")


@pytest.mark.parametrize("room", NEVER_HEARD)
def test_some_words_are_never_heard_in_a_room(room):
    for path, its_room, tree in modules():
        if its_room == room:
            assert not NEVER_HEARD[room] & set(spoken(tree)), path.name


@pytest.mark.parametrize(
    "planted", ["def urgency_of(rule): ...", "rule.urgency", "MostUrgency = 1", "f(urgencies=1, urgency=2)"]
)
def test_a_word_is_heard_in_any_name(planted):
    assert "urgency" in set(spoken(ast.parse(planted)))


# -- no clinical `if` --------------------------------------------------------------------------------------------------

VOCABULARY = {
    # What the rules are written with, not what they are about. All of it is data of the knowledge room.
    YES,
    NO,
    UNSURE,
    NOT_ASKED,
    model.NO_ONE,
    *(urgency.word for urgency in Urgency),
    *model.WORDS,
    *model.SEEN,
    *model.NOTICE_ROLES,
    *model.SOURCE_KINDS,
    *model.QUESTION_TYPES,
    *model.SEVERITIES,
    *model.LIKELIHOODS,
    *model.CONTROL_STATUSES,
    *TABLES,
}
PROSE = {("cases.py", "nothing"), ("command.py", "told"), ("pdf.py", "large")}
"""A word of a message, of an address or a key of the record, in that one module, which some question offers as well."""


@pytest.fixture(scope="module")
def ids(knowledge):
    """Every id that occurs in `rules/`, but for the vocabulary."""
    questions = knowledge.questions.values()
    return {
        *knowledge.rules,
        *knowledge.deposits,
        *knowledge.sources,
        *knowledge.questions,
        *knowledge.findings,
        *(word for question in questions for word in question.allowed),
        *(case.id for case in knowledge.cases),
        *(page.id for page in knowledge.pages),
        *(hazard.id for hazard in knowledge.hazards),
    } - VOCABULARY


def texts(tree):
    """Every string that a tree contains, with its line; of an f-string, its parts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            yield node.value if isinstance(node.value, str) else node.value.decode(errors="replace"), node.lineno


def test_no_deposit_source_or_question_hides_behind_a_word_of_the_vocabulary(ids, knowledge):
    assert {*knowledge.deposits, *knowledge.sources, *knowledge.questions} <= ids


def test_no_id_of_the_rules_is_a_string_in_python(ids):
    found = [
        f"{path.name}:{line}: {text!r} is an id in rules/"
        for path, _, tree in modules()
        for text, line in texts(tree)
        if text in ids and (path.name, text) not in PROSE
    ]
    assert not found


def test_a_planted_clinical_if_is_found_whatever_its_shape(ids):
    for word in sorted(ids)[:: 1 + len(ids) // 50]:
        for planted in (
            f"if findings['x'] == '{word}': pass",
            f"x = {{'{word}': 1}}",
            f"match finding:\n    case '{word}': pass",
            f"x = f'{word}'",
            f"x in ('a', '{word}')",
            f"x = b'{word}'",
        ):
            assert word in {text for text, _ in texts(ast.parse(planted))}


# -- the rules are plain text ------------------------------------------------------------------------------------------

HTML = re.compile(r"</?[a-zA-Z!]|&#?\w+;")


def strings(value):
    """Every text in what a TOML file holds, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *strings(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def test_the_rules_are_toml_and_notes_and_the_record_of_their_proof_and_nothing_else():
    files = {path.relative_to(RULES).as_posix() for path in RULES.rglob("*") if path.is_file()}
    assert {Path(file).suffix for file in files - {"proof.json", "witnesses.json"}} == {".toml", ".md"}


def test_there_is_no_html_in_the_rules():
    for path in RULES.rglob("*.toml"):
        found = [text for text in strings(tomllib.loads(path.read_text(encoding="utf-8"))) if HTML.search(text)]
        assert not found, path.name


@pytest.mark.parametrize("planted", ["a <b>word</b>", "</p>", "a<br/>b", "<!-- x -->", "1&nbsp;g", "&#8217;"])
def test_planted_html_is_found(planted):
    assert any(HTML.search(text) for text in strings({"case": [{"story": planted}]}))


def test_names_are_words_and_not_numbers(knowledge):
    names = [*knowledge.rules, *knowledge.questions, *knowledge.deposits, *knowledge.sources]
    names += [thing.id for thing in (*knowledge.cases, *knowledge.pages, *knowledge.hazards)]
    assert not [name for name in names if not re.search(r"[a-z]{2}", name)]


# -- the templates -----------------------------------------------------------------------------------------------------


def templates():
    """Every template and its syntax tree."""
    for path in sorted(TEMPLATES.rglob("*.*")):
        yield path.name, parsed(path.read_text(encoding="utf-8"))


def parsed(text):
    return jinja2.Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], autoescape=True).parse(text)


def unescaped(tree):
    """Where a template takes a text for HTML."""
    filters = [node.name for node in tree.find_all(nodes.Filter) if node.name in ("safe", "forceescape")]
    switches = [
        option.key
        for node in tree.find_all((nodes.ScopedEvalContextModifier, nodes.EvalContextModifier))
        for option in node.options
        if option.key == "autoescape"
    ]
    return [*filters, *switches, *(node.name for node in tree.find_all(nodes.Name) if node.name == "Markup")]


def urgencies(tree, words=frozenset(urgency.word for urgency in Urgency)):
    """The urgencies that a template knows by name. One can be a heading; two are the start of a ladder."""
    return {node.value for node in tree.find_all(nodes.Const) if node.value in words}


def arithmetic(tree):
    """Where a template calculates. Joining lists with + is not calculating."""
    yield from tree.find_all((nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow))
    for node in tree.find_all(nodes.Add):
        if any(
            isinstance(side, nodes.Const) and isinstance(side.value, int | float) for side in (node.left, node.right)
        ):
            yield node


def test_templates_escape_everything():
    assert not [name for name, tree in templates() if unescaped(tree)]


@pytest.mark.parametrize(
    "planted",
    [
        "{{ x|safe }}",
        "{{ x | safe }}",
        "{{ (x|upper)|safe|trim }}",
        "{% filter safe %}{{ x }}{% endfilter %}",
        "{% autoescape false %}{{ x }}{% endautoescape %}",
        "{{ Markup(x) }}",
    ],
)
def test_a_planted_escape_from_escaping_is_found(planted):
    assert unescaped(parsed(planted))


def test_templates_have_no_ladder_of_urgencies():
    assert not {name: urgencies(tree) for name, tree in templates() if len(urgencies(tree)) > 1}


@pytest.mark.parametrize(
    "planted",
    [
        "{% if urgency == 'soon' %}a{% elif urgency == 'same-day' %}b{% endif %}",
        "{% if sheet.urgency == 'soon' %}a{% endif %}{% if 'same-day' == sheet.urgency %}b{% endif %}",
        "{% if urgency in ('emergency', 'same-day') %}a{% endif %}",
        "{{ {'soon': 'a', 'routine': 'b'}[urgency] }}",
        "{{ 'a' if urgency == 'soon' else 'b' if urgency == 'routine' }}",
    ],
)
def test_a_planted_ladder_is_found(planted):
    assert len(urgencies(parsed(planted))) == 2


def test_templates_do_not_calculate():
    assert not [name for name, tree in templates() if list(arithmetic(tree))]


@pytest.mark.parametrize("planted", ["{{ x + 1 }}", "{{ x - y }}", "{% set a = x * 2 %}", "{% if x % 2 %}a{% endif %}"])
def test_planted_arithmetic_is_found(planted):
    assert list(arithmetic(parsed(planted)))


def test_templates_name_no_id_of_the_rules(ids):
    found = {
        (name, node.value) for name, tree in templates() for node in tree.find_all(nodes.Const) if node.value in ids
    }
    assert not found
