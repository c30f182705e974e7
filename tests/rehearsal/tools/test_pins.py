"""The table of pins fits the Go modules that it speaks of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rackwright.specs import versions
from rehearsal.tools import ToolError, go
from rehearsal.tools.pins import MODULES_DIRECTORY, PIN_FILES, PINS, Module, Pin, Program, select

pytestmark = pytest.mark.pure

PROGRAMS = [pin for pin in PINS if isinstance(pin, Program)]


@pytest.mark.parametrize("pin", PINS, ids=lambda pin: pin.name)
def test_every_pin_has_a_released_version_and_its_checksums(pin: Pin) -> None:
    assert re.fullmatch(r"v\d+\.\d+\.\d+", pin.module.version())
    assert all((pin.module.directory / name).is_file() for name in PIN_FILES)
    assert f"{pin.module.path} {pin.module.version()} h1:" in (pin.module.directory / "go.sum").read_text()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_every_package_is_imported_so_that_go_sum_covers_it(program: Program) -> None:
    assert f'_ "{program.package}"' in (program.module.directory / "tools.go").read_text()


def test_every_module_folder_is_used() -> None:
    assert {pin.module.directory for pin in PINS} == {path.parent for path in MODULES_DIRECTORY.glob("*/go.mod")}


def test_no_module_needs_a_later_go_than_the_minimum() -> None:
    asked = [
        re.search(r"^go (\d+)\.(\d+)", path.read_text(), re.MULTILINE) for path in MODULES_DIRECTORY.glob("*/go.mod")
    ]
    assert max((int(match[1]), int(match[2])) for match in asked if match) == go.MINIMUM_VERSION
    assert all(asked)


def test_a_new_cluster_gets_what_rehearsals_run() -> None:
    pinned = {pin.name: pin.module.version() for pin in PINS}
    assert pinned["kube-apiserver"] == versions.KUBERNETES
    assert pinned["kueue"] == f"v{versions.KUEUE}"
    assert pinned["jobset"] == f"v{versions.JOBSET}"


def test_the_linker_sets_the_version() -> None:
    kubectl = next(program for program in PROGRAMS if program.name == "kubectl")
    assert kubectl.linker_flags().endswith(f".gitVersion={kubectl.module.version()}")


def test_names_are_unique() -> None:
    assert len({pin.name for pin in PINS}) == len(PINS)


def test_selection_keeps_the_order_of_building() -> None:
    assert [pin.name for pin in select({"kubectl", "etcd"})] == ["etcd", "kubectl"]
    assert select(None) == list(PINS)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ToolError, match=r"No tool is called kubctl; .*kubectl"):
        select(["etcd", "kubctl"])


@pytest.mark.parametrize(
    "go_mod",
    [
        "module pins\n\nrequire example.test/a v1.0.0\n",
        "module pins\n\nrequire (\n\texample.test/ab v2.0.0\n\texample.test/a v1.0.0\n)\n",
    ],
)
def test_the_version_is_read_from_both_forms_of_require(tmp_path: Path, go_mod: str) -> None:
    module = _module_with(tmp_path, go_mod)
    assert module.version() == "v1.0.0"


def test_a_go_mod_without_the_module_names_the_remedy(tmp_path: Path) -> None:
    module = _module_with(tmp_path, "module pins\n\nrequire example.test/ab v1.0.0\n")
    with pytest.raises(ToolError, match=r"does not require example\.test/a; add the line"):
        module.version()


def _module_with(directory: Path, go_mod: str) -> Module:
    (directory / "go.mod").write_text(go_mod)
    return Module(directory=directory, path="example.test/a")
