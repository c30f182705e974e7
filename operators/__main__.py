"""`python -m operators --cluster FILE` runs the operator until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

import kopf
from kubernetes.aio import client, config

from operators import handlers
from operators.reconciling import Reconciler
from rackwright.specs import SpecError, load_document
from rackwright.specs.job_cluster import JobCluster

DEFAULT_RESYNC_S = 60.0


def main(arguments: list[str] | None = None) -> int:
    """Run; return 2 for a cluster spec that can't be taken."""
    parser = argparse.ArgumentParser(prog="python -m operators", description="Rackwright's operator of TrainingJobs.")
    parser.add_argument(
        "--cluster",
        type=Path,
        required=True,
        help="the part of the cluster spec that jobs need (JobCluster), as JSON or YAML",
    )
    parser.add_argument("--liveness", metavar="ADDRESS:PORT", help="answer GET /healthz there")
    parser.add_argument(
        "--resync-seconds",
        type=float,
        default=DEFAULT_RESYNC_S,
        help="look at every job that often, whatever was heard (default %(default)s)",
    )
    asked = parser.parse_args(arguments)
    try:
        cluster = load_document(asked.cluster, JobCluster)
    except SpecError as error:
        print(error, file=sys.stderr)
        return 2
    configure_logging()
    asyncio.run(run(cluster, resync_s=asked.resync_seconds, liveness=asked.liveness))
    return 0


def configure_logging() -> None:
    """Log what the operator does, and not a line for each event and each probe."""
    kopf.configure(log_format=kopf.LogFormat.FULL)
    for quiet in ("kopf.objects", "kopf.activities.probe", "aiohttp.access"):
        logging.getLogger(quiet).setLevel(logging.WARNING)


async def run(cluster: JobCluster, *, resync_s: float, liveness: str | None) -> None:
    """Watch and reconcile until SIGTERM; whichever of the two fails takes the other down with it."""
    await load_connection()
    async with client.ApiClient() as api:
        reconciler = Reconciler(api, cluster, resync_s=resync_s)
        registry = handlers.register(reconciler)
        watching = kopf.operator(
            registry=registry,
            settings=handlers.settings(),
            standalone=True,
            clusterwide=True,
            liveness_endpoint=f"http://{liveness}/healthz" if liveness else None,
        )
        async with asyncio.TaskGroup() as group:
            work = group.create_task(reconciler.run())

            @kopf.on.cleanup(registry=registry)
            async def stop(**_: object) -> None:  # or kopf waits some seconds for tasks that it doesn't know
                work.cancel()
                await asyncio.wait([work])

            await watching
            work.cancel()


async def load_connection() -> None:
    """Configure the Kubernetes client: in a pod by its service account, elsewhere by the kubeconfig."""
    try:
        config.load_incluster_config()  # type: ignore[no-untyped-call]  # the package leaves it bare
    except config.ConfigException:
        await config.load_kube_config()  # type: ignore[no-untyped-call]  # as above


if __name__ == "__main__":
    sys.exit(main())
