"""What a server of the pages does with runs, in a process that can be killed.

`python -m tests.faults.server start SETTINGS BASE` starts a run, prints its id and stays;
`python -m tests.faults.server look ID` prints what a page would show of it.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from app import jobs


def main(arguments: list[str]) -> None:
    """Do what the first argument says."""
    what, *rest = arguments
    if what == "start":
        settings, base = rest
        run = jobs.start(json.loads(settings), None, base=Path(base))
        print(run.id, flush=True)
        time.sleep(600)
    else:
        print(json.dumps(shown(rest[0])))


def shown(run_id: str) -> dict[str, Any]:
    """Whether the pages list the run, its state, and whether they have a result of it."""
    view = jobs.view(run_id, None)
    if view is None:
        return {"state": None}
    return {"state": view.status.state, "result": view.audit is not None}


if __name__ == "__main__":
    main(sys.argv[1:])
