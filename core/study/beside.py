"""What stands beside the leakage table: pairs, selectivity, leakage against attackers' people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.config import Config
from core.engine import Engine
from core.measure.targets import Target
from core.progress import Progress
from core.store import Store
from core.study.leakage import Plan
from core.study.pair import Pairs
from core.study.people_curve import PeopleCurve
from core.study.representation import Representation
from core.study.selectivity import Selectivity
from core.table import StudyResult


def beside(
    config: Config,
    representations: Mapping[str, Representation],
    targets: Sequence[Target],
    plan: Plan,
    *,
    store: Store,
    progress: Progress,
    engine: Engine,
) -> list[StudyResult]:
    """Pairs of every label, and selectivity of the sensitive ones, with the ladder; the curve of
    the sensitive ones with the ladder or a full look."""
    sensitive = [one for one in targets if one.attribute in (config.sensitive or ())]
    own = (plan, store, progress, engine)
    found = []
    if config.attackers == "ladder":
        found.append(Pairs(*own).run(representations, targets))
        found.append(Selectivity(*own).run(representations, sensitive))
    if config.attackers == "ladder" or config.look == "full":
        found.append(PeopleCurve(*own).run(representations, sensitive))
    return found
