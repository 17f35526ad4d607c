"""Every test of kept work has an installation of its own, whose clock stands at TODAY."""

from pathlib import Path

import pytest

from tests.clocks import stand
from tests.work.made import TODAY


@pytest.fixture(autouse=True)
def _clock(home: Path) -> None:
    stand(TODAY)
