"""From a request to its plan: the best on the given GPUs, or as few GPUs as meet the deadline."""

from __future__ import annotations

from math import ceil

from rackwright.sizing import reliability
from rackwright.sizing.enumeration import Space
from rackwright.sizing.searching import prepare, search
from rackwright.sizing.task import Task, look_up, refusal
from rackwright.sizing.writing_up import Sized, write_up
from rackwright.specs.documents import SpecError
from rackwright.specs.plan import Plan
from rackwright.specs.request import MAX_GPUS, Request


def plan(request: Request) -> Plan:
    """Size a request; raise `SpecError` where it can't be met."""
    task = look_up(request)
    sized = _size(task)
    return write_up(task, sized)


def _size(task: Task) -> Sized:
    if task.request.gpus is not None:
        sized = _on(task, task.request.gpus)
        if sized is None:
            raise _why_none(task, task.request.gpus)
        return sized
    return _by_deadline(task)


def _why_none(task: Task, gpus: int) -> SpecError:
    """The refusal of too few GPUs for the model."""
    return refusal(
        field="gpus",
        value=gpus,
        expected=f"enough memory for {task.model_name}: no valid split fits into {task.machine.gpu.title}",
        remedy=f"give more GPUs: {_number_that_fits(task):,} are enough",
    )


def _on(task: Task, gpus: int) -> Sized | None:
    """The best on that many GPUs; None where nothing fits."""
    hosts = ceil(gpus / task.gpus_per_host)
    spares = reliability.spares_wanted(hosts, task.request.reliability, host=task.machine.host)
    within = task.request.gpus_include_spares
    usable = gpus - spares * task.gpus_per_host if within else gpus
    space = Space.of(
        task.architecture, task.machine, gpus=usable, sequence_tokens=task.sequence_tokens, batch=task.batch
    )
    best = search(prepare(space, task.machine)).best
    if best is None:
        return None
    return Sized(hosts=hosts if within else hosts + spares, spares=spares, choice=best)


def _number_that_fits(task: Task) -> int:
    """The least number of GPUs, of those that double from one host on, that some split fits into."""
    gpus = task.gpus_per_host
    while gpus < MAX_GPUS and _on(task, gpus) is None:
        gpus *= 2
    return gpus


def _by_deadline(task: Task) -> Sized:
    """As few hosts as meet the deadline: doubled until it is met, then halved in between."""
    deadline = task.request.deadline_days
    if deadline is None:
        raise TypeError("a request has GPUs or a deadline")
    met, most = None, MAX_GPUS // task.gpus_per_host
    missed, hosts = 0, 1
    while hosts <= most:
        if (sized := _meeting(task, hosts, deadline)) is not None:
            met = sized
            break
        missed, hosts = hosts, hosts * 2
    if met is None:
        raise refusal(
            field="deadline_days",
            value=deadline,
            expected=f"a deadline that up to {MAX_GPUS:,} GPUs can meet with a batch of {task.batch} sequences",
            remedy="allow more days, or a larger batch_tokens, so that more GPUs can share a step",
        )
    while hosts - missed > 1:
        middle = (hosts + missed) // 2
        if (sized := _meeting(task, middle, deadline)) is not None:
            hosts, met = middle, sized
        else:
            missed = middle
    return met


def _meeting(task: Task, hosts: int, deadline_days: float) -> Sized | None:
    sized = _on(task, hosts * task.gpus_per_host)
    if sized is None:
        return None
    return sized if write_up(task, sized).run.days.expected <= deadline_days else None
