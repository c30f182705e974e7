from __future__ import annotations

import pytest

from rackwright.specs import ClusterSpec

pytestmark = pytest.mark.pure


def test_a_level_is_found_by_its_name_and_an_unknown_one_is_told_what_there_is(cluster_spec: ClusterSpec) -> None:
    fabric = cluster_spec.fabric
    assert [fabric.level(level.name) for level in fabric.levels] == list(fabric.levels)
    with pytest.raises(KeyError, match="no fabric level 'island'; there are block, host"):
        fabric.level("island")
