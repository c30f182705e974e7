"""Which log is meant, and which part of it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rackwright.specs.kubernetes_names import JOB_LABEL
from rehearsal.kubelet import logs
from rehearsal.kubelet.logs import LogOptions, LogReader, NoLogError, log_file, same_run, tail_position
from rehearsal.state import StateDirectory

pytestmark = pytest.mark.pure

ENDED = {"terminated": {"exitCode": 1}}
RUNNING = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
CRASHED = {"waiting": {"reason": "CrashLoopBackOff"}}


def pod(
    *,
    image: str = "registry.k8s.io/kueue/kueue:v1",
    state: dict[str, Any] = RUNNING,
    last: dict[str, Any] | None = None,
    restarts: int = 0,
    labels: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A pod `ns/p` with one container `c`."""
    container = {"name": "c", "state": state, "lastState": last or {}, "restartCount": restarts}
    return {
        "metadata": {"namespace": "ns", "name": "p", "uid": "u", "labels": labels or {}},
        "spec": {"nodeName": "host", "containers": [{"name": "c", "image": image}]},
        "status": {"containerStatuses": [container]},
    }


@pytest.mark.parametrize(
    ("state", "last", "previous", "name"),
    [
        (RUNNING, {}, False, "ns-p-c.log"),
        (RUNNING, ENDED, False, "ns-p-c.log"),
        (RUNNING, ENDED, True, "ns-p-c.previous.log"),
        (ENDED, ENDED, False, "ns-p-c.log"),
        # Between two runs the one that ended last is both.
        (CRASHED, ENDED, False, "ns-p-c.log"),
        (CRASHED, ENDED, True, "ns-p-c.log"),
    ],
)
def test_each_run_of_a_process_has_its_log(
    tmp_path: Path, state: dict[str, Any], last: dict[str, Any], previous: bool, name: str
) -> None:
    asked = pod(state=state, last=last)
    assert log_file(StateDirectory(tmp_path), asked, "c", previous=previous) == tmp_path / "logs" / name


def test_a_new_run_puts_the_last_ones_log_aside(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    logs.begin_run(log)
    for text in ("first", "second", "third"):
        log.write_text(text, encoding="utf-8")
        logs.begin_run(log)
    assert not log.exists()
    assert logs.previous_log(log).read_text(encoding="utf-8") == "third"


def test_a_training_pods_log_is_the_simulated_trainers(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    trains = pod(image="example.com/train:1", labels={JOB_LABEL: "llama"})
    assert log_file(state, trains, "c", previous=False) == state.simulated_log("u")


@pytest.mark.parametrize(
    ("asked", "container", "previous", "reason"),
    [
        (pod(), "d", False, 'container "d" in pod "p" is not available'),
        (pod(), "c", True, 'previous terminated container "c" in pod "p" not found'),
        (pod(state={"waiting": {"reason": "ContainerCreating"}}), "c", False, "is waiting to start: ContainerCreating"),
        (pod(image="example.com/other:1"), "c", False, "is simulated: nothing runs in it"),
    ],
)
def test_a_log_that_is_not_there_has_a_reason(
    tmp_path: Path, asked: dict[str, Any], container: str, previous: bool, reason: str
) -> None:
    with pytest.raises(NoLogError) as refused:
        log_file(StateDirectory(tmp_path), asked, container, previous=previous)
    assert reason in str(refused.value)


def test_following_ends_with_the_run() -> None:
    before = pod()
    assert same_run(before, pod(), "c")
    assert not same_run(before, None, "c")
    assert not same_run(before, pod(restarts=1), "c")
    assert not same_run(before, pod(state=ENDED), "c")
    assert not same_run(before, {**pod(), "metadata": {**pod()["metadata"], "uid": "another"}}, "c")


@given(
    text=st.text(alphabet="ab\n", max_size=60).map(str.encode), lines=st.integers(0, 12), block_bytes=st.integers(1, 9)
)
def test_the_tail_is_the_last_lines(text: bytes, lines: int, block_bytes: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "BLOCK_BYTES", block_bytes)
        position = tail_position(io.BytesIO(text), lines)
    assert text[position:].splitlines() == (text.splitlines()[-lines:] if lines else [])


def test_a_reader_goes_on_where_it_was(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    reader = LogReader(log, LogOptions(tailLines=1))
    assert reader.read() == b""
    log.write_bytes(b"one\ntwo\n")
    assert reader.read() == b"two\n"
    assert reader.read() == b""
    with log.open("ab") as file:
        file.write(b"three\n")
    assert reader.read() == b"three\n"
    reader.close()


def test_a_reader_keeps_to_its_limit(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"one\ntwo\n")
    reader = LogReader(log, LogOptions(limitBytes=5))
    assert reader.read() == b"one\nt"
    assert reader.full
    assert reader.read() == b""
    reader.close()


@pytest.mark.parametrize("query", [{"sinceSeconds": "5"}, {"timestamps": "true"}, {"stream": "Stderr"}])
def test_what_is_not_kept_is_refused_and_not_ignored(query: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        LogOptions.model_validate(query)
