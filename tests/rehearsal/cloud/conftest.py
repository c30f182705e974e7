"""A simulated Oracle in an empty directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rehearsal.cloud.account import Account, account_in

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def account(tmp_path: Path) -> Account:
    """An account that has nothing yet, beside a control plane that is only described."""
    return account_in(tmp_path)
