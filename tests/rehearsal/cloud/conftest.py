"""A simulated Oracle in an empty directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rehearsal.cloud.account import Account, account_in


@pytest.fixture
def account(tmp_path: Path) -> Account:
    """An account that has nothing yet, beside a control plane that is only described."""
    return account_in(tmp_path)
