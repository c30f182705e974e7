"""The steps of a rehearsal in their order: each does one thing and writes what it found into the report."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client
from pulumi import automation

from rackwright.jobs import connection, submission
from rackwright.jobs.following import Follower
from rackwright.jobs.training_jobs import TrainingJobs
from rackwright.specs import ClusterSpec, TrainingJob, dump_document
from rackwright.specs.places import OraclePlace
from rackwright.specs.plan import Plan
from rackwright.specs.stacks import parts
from rackwright.specs.training_job_status import Phase as JobPhase
from rackwright.specs.training_job_status import TrainingJobStatus
from rehearsal import faults, processes, tools
from rehearsal.api_server import connect
from rehearsal.cloud.services.network import usable_addresses
from rehearsal.control_plane import ControlPlane
from rehearsal.engine import Engine
from rehearsal.scenario import costs
from rehearsal.scenario.jobs import JobError, wait_for
from rehearsal.scenario.progress import Progress, Step
from rehearsal.scenario.report import JobReport, Phase, Report
from rehearsal.scenario.tunnel import free_port, open_tunnel
from rehearsal.state import StateDirectory

STEPS = ("size", "control plane", "pulumi up", "submit", "break a host", "finish")

CHARTS = ("jobset-chart", "kueue-chart")
"""The charts that the platform installs, as the toolbox calls them."""

KUBERNETES_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
"""What a cluster has before anybody makes a namespace."""

RUNNING_TIMEOUT_S = 1800.0
"""Seconds for a job to run: far more than a gang of 1,980 pods took to come back on two busy processors (438 s), so
that only a hang ends it."""

FINISH_TIMEOUT_S = 1800.0
"""Seconds for the played end of the run, preemptions and restarts included."""


@dataclass
class Play:
    """One rehearsal while it runs."""

    state: StateDirectory
    progress: Progress
    plan: Plan
    spec: ClusterSpec
    job: TrainingJob
    files: Path
    """Where cluster.yaml and job.yaml are written."""
    report: Report
    position: IPv4Address
    """Where it is played from, which decides what reaches the cluster's API."""
    toolbox: tools.Toolbox
    began: float = field(default_factory=time.monotonic)
    plane: ControlPlane = field(init=False)
    engine: Engine = field(init=False)
    follower: Follower = field(init=False)

    @contextmanager
    def _phase(self, name: str) -> Iterator[Step]:
        with self.progress.step(name) as step:
            yield step
            self.report.phases.append(Phase(name=name, seconds=round(step.elapsed_s, 2)))
        self.report.total_seconds = round(time.monotonic() - self.began, 2)

    def size(self, show_plan: Callable[[Plan], None]) -> None:
        """Show the plan and write the two files that it comes to."""
        with self._phase("size") as step:
            show_plan(self.plan)
            self.files.mkdir(parents=True, exist_ok=True)
            for name, document in (("cluster.yaml", self.spec), ("job.yaml", self.job)):
                (self.files / name).write_text(dump_document(document), encoding="utf-8")
                step.note(f"wrote {self.files / name}")

    def start_control_plane(self) -> None:
        """Start the control plane, and what plays hosts and training processes."""
        with self._phase("control plane") as step:
            place = self.spec.place
            options: dict[str, Any] = {}
            if isinstance(place, OraclePlace):
                options["service_cidr"] = place.network.services
                options["addresses"] = [str(next(usable_addresses(place.network.api)))]
                self.state.describe(position=str(self.position))
            self.plane = ControlPlane.start(self.state, self.toolbox, announce=step.doing, **options)
            processes.start_module("trainer", state=self.state)
            step.note(f"Kubernetes {self.plane.version} at {self.plane.server}")

    def up(self) -> None:
        """Make the cluster by `pulumi up`."""
        with self._phase("pulumi up") as step:
            self.engine = Engine(self.state, self.toolbox)
            port = free_port()
            self.engine.prepare(self.files / "cluster.yaml", tunnel_port=port)
            self.report.kubernetes_plugin = self.engine.kubernetes_plugin
            step.note(f"Pulumi's kubernetes plugin: {self.engine.kubernetes_plugin}")
            done = Counter[str]()
            for part in parts(self.spec.place):
                if part == "inside":
                    self._go_to_the_api(step, tunnel_port=port)
                result = self.engine.up(part, lambda event: _tell_event(event, done, step))
                changes = result.summary.resource_changes or {}
                step.note(f"Pulumi, {part}: " + ", ".join(f"{count} {kind}" for kind, count in changes.items()))
            self.report.resources = len(self.engine.resources())
            with connect(self.plane.kubeconfig()) as api:
                nodes = client.CoreV1Api(api).list_node().items
            self.report.hosts = self.spec.gpu_pool.hosts
            self.report.gpus = self.spec.gpu_pool.hosts * self.spec.gpu_pool.gpus_per_host
            step.note(f"{len(nodes)} nodes have joined, {self.report.hosts} of them with GPUs")

    def _go_to_the_api(self, step: Step, *, tunnel_port: int) -> None:
        """Go the way that the spec says: by a bastion, open the tunnel as the stack's output says it is done."""
        if not isinstance(self.spec.place, OraclePlace):
            return
        way = self.spec.place.network.api_access.way_in
        self.report.played_from = f"{self.position} ({way})"
        step.note(f"played from {self.position}; the way to the API is {way}")
        if (tunnel := self.engine.outputs("cloud").get("tunnel")) is not None:
            for line in tunnel.splitlines():
                step.note(line)
            open_tunnel(self.state, tunnel, port=tunnel_port, environment=self.engine.environment())

    def submit(self) -> None:
        """Submit the job as its researcher, and wait until its gang runs."""
        with self._phase("submit") as step:
            jobs = TrainingJobs(connection.connect(self.plane.kubeconfig("researcher"), None))
            namespace, name = self.job.metadata.namespace or "default", self.job.metadata.name
            submission.submit(jobs, self.job, namespace=namespace, source="job.yaml", tell=step.note)
            self.follower = Follower(jobs, namespace, name, step.note)
            admitted_s: float | None = None

            def running(status: TrainingJobStatus) -> bool:
                nonlocal admitted_s
                if admitted_s is None and costs.condition(status, "Admitted"):
                    admitted_s = round(step.elapsed_s, 2)
                return status.phase is JobPhase.RUNNING

            status = wait_for(self.follower, running, what="running", timeout_s=RUNNING_TIMEOUT_S)
            self.report.job = JobReport(
                namespace=namespace,
                name=name,
                state=str(status.phase),
                gpus=self.job.spec.gpus,
                hosts=status.host_count,
                pods=status.host_count,
                steps=self.job.spec.expected.steps if self.job.spec.expected else None,
                restarts=status.restart_count,
                admitted_s=admitted_s,
                running_s=round(step.elapsed_s, 2),
            )
            self.report.pods = status.host_count
            step.note(f"{status.host_count} pods run, {self.job.spec.gpus:,} GPUs")

    def break_host(self) -> None:
        """Let a host of the running job die, and see the job leave it."""
        with self._phase("break a host") as step:
            self.follower.tell = step.note
            before = wait_for(
                self.follower, costs.is_between_checkpoints, what="under way", timeout_s=RUNNING_TIMEOUT_S
            )
            host = before.hosts[len(before.hosts) // 2]
            with connect(self.plane.kubeconfig("faults")) as api:
                faults.break_host(client.CoreV1Api(api), host)
            broken = time.monotonic()
            step.note(f"host {host} failed at step {before.progress.step if before.progress else '?'}")
            detected_s: float | None = None

            def recovered(status: TrainingJobStatus) -> bool:
                nonlocal detected_s
                if detected_s is None and status.restart_count > before.restart_count:
                    detected_s = time.monotonic() - broken
                return detected_s is not None and status.phase is JobPhase.RUNNING

            after = wait_for(self.follower, recovered, what="running again", timeout_s=RUNNING_TIMEOUT_S)
            recovered_s = time.monotonic() - broken
            if host in after.hosts:
                raise JobError(f"the job runs on {host} again, which has failed")
            self.report.host_loss = costs.host_loss(
                self.plan,
                self.job,
                host=host,
                before=before,
                after=after,
                detected_s=detected_s or recovered_s,
                recovered_s=recovered_s,
            )
            loss = self.report.host_loss
            step.note(f"{loss.replaced_by or 'nobody'} took its place; {loss.lost_steps} steps are done again")

    def finish(self, *, keep: bool) -> None:
        """Wait for the job's end; then take everything down, unless it is to be kept."""
        with self._phase("finish") as step:
            self.follower.tell = step.note
            status = wait_for(
                self.follower,
                lambda status: status.phase is JobPhase.SUCCEEDED,
                what="done",
                timeout_s=FINISH_TIMEOUT_S,
            )
            if self.report.job:
                self.report.job.state = str(status.phase)
                self.report.job.restarts = status.restart_count
            if keep:
                return
            done = Counter[str]()
            for part in reversed(parts(self.spec.place)):
                self.engine.destroy(part, lambda event: _tell_event(event, done, step))
            left = self._left_behind()
            self.report.kept_by_helm = [name for name in left if name in self._kinds_of_charts()]
            self.report.left_behind = [name for name in left if name not in self.report.kept_by_helm]
            step.note(f"pulumi destroy left {', '.join(self.report.left_behind) or 'nothing'} behind")
            if self.report.kept_by_helm:
                kinds = ", ".join(self.report.kept_by_helm)
                step.note(f"Helm never deletes the kinds of a chart's crds/: {kinds} would go with the cluster itself")

    def _kinds_of_charts(self) -> set[str]:
        """The definitions in the charts' `crds/` folders, which Helm installs and never touches again."""
        files = [path for chart in CHARTS for path in (self.toolbox.asset(chart) / "crds").glob("*.yaml")]
        return {yaml.safe_load(path.read_text(encoding="utf-8"))["metadata"]["name"] for path in files}

    def _left_behind(self) -> list[str]:
        """What Pulumi's state and the API server still hold of the cluster."""
        with connect(self.plane.kubeconfig()) as api:
            core = client.CoreV1Api(api)
            nodes = _names(core.list_node().items)
            namespaces = [name for name in _names(core.list_namespace().items) if name not in KUBERNETES_NAMESPACES]
            kinds = _names(client.ApiextensionsV1Api(api).list_custom_resource_definition().items)
        return [*self.engine.resources(), *nodes, *namespaces, *kinds]


def _names(objects: Iterable[Any]) -> list[str]:
    return [str(item.metadata.name) for item in objects]


def _tell_event(event: automation.EngineEvent, done: Counter[str], step: Step) -> None:
    """Show how far the engine is."""
    if event.resource_pre_event:
        metadata = event.resource_pre_event.metadata
        step.doing(f"{done['done']} done, now {metadata.op.value} {metadata.urn.rsplit('::', 1)[-1]}")
    if event.res_outputs_event:
        done["done"] += 1
