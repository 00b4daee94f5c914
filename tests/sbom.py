"""The bill of materials of what serves the guide, for a clinic's scanner: python -m tests.sbom [FILE]

Made by CycloneDX's own tool from requirements/run.txt, in which every package has its version and its hashes. What
would differ from day to day or from machine to machine is left out: the same lock file gives the same bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements/run.txt"
FILE = ROOT / "deploy/sbom.cdx.json"


def bill(lock: Path = LOCK) -> dict[str, Any]:
    """The bill as CycloneDX 1.6.

    Raises:
        subprocess.CalledProcessError: the lock file cannot be read as one.
    """
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(lock), "--output-reproducible"]
    command += ["--short-PURLs", "--spec-version", "1.6", "--pyproject", str(ROOT / "pyproject.toml")]
    made = subprocess.run(command, capture_output=True, check=True, text=True)
    content: dict[str, Any] = json.loads(made.stdout)
    # Which program wrote it changes without any change of the guide; and a lock file knows no graph.
    content["metadata"].pop("tools", None)
    content.pop("dependencies", None)
    for component in content["components"]:
        component.pop("description", None)  # the line of the lock file once more
        component["bom-ref"] = component["purl"]
        for source in component["externalReferences"]:
            # The hashes say which file it is; where somebody gets it from is for them to choose.
            source["url"] = component["purl"]
            source.pop("comment", None)
    return content


def text(content: dict[str, Any]) -> str:
    """As it stands in the file."""
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    """Write the bill."""
    file = Path(arguments[0]) if arguments else FILE
    content = bill()
    file.write_text(text(content), encoding="utf-8")
    print(f"{len(content['components'])} components in {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
