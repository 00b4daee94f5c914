"""Supply chain and process."""

from __future__ import annotations

from .bench import LATER, Promise

PROMISES: tuple[Promise, ...] = (
    ("G1", "dependencies are pinned with hashes", LATER),
    ("G2", "dependencies are audited", "no source of current advisories is reachable here: NOT AUDITED"),
    ("G3", "durable-rules is contained", "tests/test_engine.py"),
    ("G4", "static checks", "ruff with its security rules in make test; bandit: " + LATER),
    ("G5", "the hazard log is live", "the end of make test says it"),
    ("G6", "it runs locked in", "no container engine and no running systemd here; see deploy/README.md"),
)
