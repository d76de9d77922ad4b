"""What a page imports before it is needed: a list of modules, not of seconds.

Every page is opened on a finished run of made-up figures in an interpreter of its own, since this
one has imported whatever other tests need.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from fixtures import Maker

ROOT = Path(__file__).resolve().parent.parent.parent
HEAVY = {
    "captum", "dask", "distributed", "facenet_pytorch", "fairlearn", "matplotlib", "numba",
    "onnx", "onnxruntime", "openTSNE", "sklearn", "sklearnex", "torch", "torchvision", "typst",
    "umap", "zennit",
}  # fmt: skip
NEEDED = {"app/pages/looking.py": ["sklearn"]}
"""The faces offered there are of people whom the audit's own split left to test."""
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "app/pages").glob("*.py"))
OPEN = """
import json, sys
from streamlit.testing.v1 import AppTest
asked = json.loads(sys.argv[1])
known, told = set(), {}
for page in asked["pages"]:
    app = AppTest.from_file("streamlit_app.py", default_timeout=60)
    app.query_params["run"] = asked["run"]
    app.switch_page(page).run()
    now = {name.split(".")[0] for name in sys.modules} & set(asked["heavy"])
    told[page] = [*(one.value for one in app.exception), *sorted(now - known)]
    known |= now
print(json.dumps(told))
"""


def test_pages_import_nothing_heavy(make: Maker, home: Path) -> None:
    asked = {"heavy": sorted(HEAVY), "pages": PAGES, "run": make().id}
    environment = {**os.environ, "BLINDFOLD_CACHE": str(home), "BLINDFOLD_DEMO": "quick"}
    done = subprocess.run(
        [sys.executable, "-c", OPEN, json.dumps(asked)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout.splitlines()[-1]) == {
        page: NEEDED.get(page, []) for page in PAGES
    }
