"""Fixtures that every room's tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("reviewdial", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("reviewdial")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real records beside the checkout; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("REVIEWDIAL_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (folder / "openreview").is_dir():
        pytest.skip("needs real records in ../shared/data, which are not part of the repository")
    return folder
