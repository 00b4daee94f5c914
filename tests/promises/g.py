"""Supply chain and process, and the guide locked in as its unit and its image lock it in."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests import audit, sbom
from tests.hazard_log import absent, named_tests
from tests.stack.conftest import Stack, start
from tests.stack.crowd import Visitor, summary_heading
from triage.journey import Answer
from triage.knowledge import Knowledge

from .bench import Bench, Promise, must

LOCKED_IN = """
set -e
mount --bind "$1" "$1"
mount -t tmpfs tmpfs /dev/shm
mount -o remount,bind,ro /
shift
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all "$@"
"""
"""In namespaces of its own: only $1 and memory can be written, there is no network, and every privilege is dropped."""


def components(_: Bench) -> str:
    """The bill of materials beside the lock file."""
    bill = sbom.bill()
    must(sbom.FILE.read_text(encoding="utf-8") == sbom.text(bill), "deploy/sbom.cdx.json is not what is locked")
    parts = bill["components"]
    with_hash = [part for part in parts if any(source["hashes"] for source in part["externalReferences"])]
    must(len(with_hash) == len(parts) == len(audit.locked()), "a component has no hash")
    return f"{len(parts)} components, {len(with_hash)} with hashes; the bill of materials is the one made anew"


def audited(_: Bench) -> str:
    """What an audit says; where there can be none, it says so."""
    code, said = audit.audit()
    must(code != 1, said)
    return said


def static_checks(_: Bench) -> str:
    """The security rules of ruff, which are those of bandit."""
    command = [sys.executable, "-m", "ruff", "check", "--select", "S", "--output-format", "concise", "."]
    checked = subprocess.run(command, cwd=sbom.ROOT, capture_output=True, text=True, check=False)
    must(checked.returncode == 0, checked.stdout[-300:])
    files = [path for folder in ("triage", "tests") for path in (sbom.ROOT / folder).rglob("*.py")]
    overlooked = sum(len(re.findall(r"# noqa: S\d", path.read_text(encoding="utf-8"))) for path in files)
    return f"0 findings of ruff's security rules in {len(files)} files; {overlooked} overlooked, each with its reason"


def hazards(bench: Bench) -> str:
    """The tests that the hazard log relies on."""
    named = named_tests(bench.knowledge.hazards)
    missing = absent(named)
    must(not missing, f"{missing[:3]} do not exist")
    return f"{len(bench.knowledge.hazards)} hazards name {len(named)} tests; all exist, and `make test` runs them"


def outside_world(process: int) -> None:
    """Broken, if that process could write to the system, reach a network or use a privilege; asked of the kernel."""
    about = Path(f"/proc/{process}")
    status = dict(line.split(":\t", 1) for line in (about / "status").read_text().splitlines())
    for right in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb"):
        must(int(status[right], 16) == 0, f"{right} is {status[right]}")
    must(status["NoNewPrivs"] == "1", "it may gain privileges")
    mounts = [line.split() for line in (about / "mountinfo").read_text().splitlines()]
    must([mount for mount in mounts if mount[4] == "/"][-1][5].startswith("ro"), "its system can be written to")
    devices = [line.split(":")[0].strip() for line in (about / "net/dev").read_text().splitlines()[2:]]
    must(devices == ["lo"], f"it has a network: {devices}")


def locked_in(stack: Stack, knowledge: Knowledge, answers: Mapping[str, Answer]) -> str:
    """A journey with an instance that can write nothing, ask nobody and has no privileges; or why there is none."""
    unshare, setpriv = shutil.which("unshare"), shutil.which("setpriv")
    if not (unshare and setpriv):
        return "NOT MEASURED: unshare and setpriv are missing (apt install util-linux)"
    namespaces = [unshare, "--user", "--map-root-user", "--net", "--mount"]
    if subprocess.run([*namespaces, "true"], capture_output=True, check=False).returncode:
        return "NOT MEASURED: this machine allows no namespaces"
    inside = stack.instances[0]
    for instance in stack.instances:
        instance.stop()
    command = [*namespaces, "sh", "-c", LOCKED_IN, "sh", str(stack.folder)]
    command += [sys.executable, "-m", "triage", "serve", "--bind", inside.bind]
    inside.process = start(command, inside.log, stack.environ)
    try:
        inside.ready()
        outside_world(inside.process.pid)
        person = Visitor(stack, knowledge)
        person.arrives()
        person.starts()
        person.answers(answers)
        must(summary_heading(knowledge) in person.get(person.url("summary")).h1, person.page.h1)
        status, _, body = stack.request("GET", person.url("sheet.pdf"), headers=[person.cookie()])
        must(status == 200 and body.startswith(b"%PDF"), f"the PDF: {status}")
    finally:
        inside.stop()
    return f"a journey of {len(person.took)} requests and a PDF with a read-only system, no network and no privileges"


PROMISES: tuple[Promise, ...] = (
    ("G1", "dependencies are pinned with hashes", components),
    ("G2", "dependencies are audited", audited),
    ("G3", "durable-rules is contained", "tests/test_engine.py: each known failure, and that it is fenced in"),
    ("G4", "static checks", static_checks),
    ("G5", "the hazard log is live", hazards),
    ("G6", "it runs locked in", lambda bench: locked_in(bench.stack, bench.knowledge, bench.routine)),
)
