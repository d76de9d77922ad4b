"""Read by every Python that is started with this folder on its PYTHONPATH; workers heed it."""

import os
import sys

if "BLINDFOLD_FAULTS" in os.environ and sys.orig_argv[1:3] == ["-m", "core.worker"]:
    from tests.faults.moments import begin

    begin()
