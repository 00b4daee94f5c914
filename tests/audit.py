"""Are the locked packages known to be vulnerable? python -m tests.audit

It asks pip-audit, and says NOT AUDITED, with the reason, wherever that could not look at every package: pip-audit by
itself says "no known vulnerabilities" also for packages that it did not find. Exits 1 for a vulnerability, 2 when
nothing is known.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.sbom import LOCK

Ask = Callable[[list[str]], "subprocess.CompletedProcess[str]"]

COMMAND = "--strict --disable-pip --require-hashes --progress-spinner=off --format=json --requirement"


def ask(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run it, for five minutes at most."""
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def locked(lock: Path = LOCK) -> dict[str, str]:
    """Every package of a lock file, with its version."""
    lines = [line.split()[0] for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line]
    return dict(line.split("==") for line in lines)


def audit(ask: Ask = ask, tool: str | None = None) -> tuple[int, str]:
    """What is known: the exit code, and one line for each vulnerability, or one that says how it stands."""
    tool = tool or shutil.which("pip-audit", path=str(Path(sys.executable).parent)) or shutil.which("pip-audit")
    if tool is None:
        return 2, "NOT AUDITED: pip-audit is not installed (pipx install pip-audit)"
    try:
        asked = ask([tool, *COMMAND.split(), str(LOCK)])
        looked = json.loads(asked.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return 2, "NOT AUDITED: no answer within 5 minutes"
    except (ValueError, KeyError):
        said = asked.stderr.strip().splitlines()
        return 2, f"NOT AUDITED: {said[-1][:200] if said else 'pip-audit said nothing'}"
    found = [
        f"{package['name']} {package['version']}: {hole['id']}, mended in {hole['fix_versions']}"
        for package in looked
        for hole in package.get("vulns", ())
    ]
    if found:
        return 1, "\n".join(found)
    unseen = locked().keys() - {package["name"].lower() for package in looked if "skip_reason" not in package}
    if unseen or asked.returncode:
        return 2, f"NOT AUDITED: {len(unseen)} of {len(locked())} packages were not looked up"
    return 0, f"0 known vulnerabilities in {len(looked)} packages, by what was known on {datetime.now(UTC).date()}"


if __name__ == "__main__":
    code, said = audit()
    print(said)
    sys.exit(code)
