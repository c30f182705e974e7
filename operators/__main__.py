"""`python -m operators --cluster FILE` runs the operator until SIGTERM."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import kopf

from operators.handlers import register
from rackwright.specs import ClusterSpec, SpecError, load_document

DEFAULT_RESYNC_S = 60.0


def main(arguments: list[str] | None = None) -> int:
    """Run; return 2 for a cluster spec that can't be taken."""
    parser = argparse.ArgumentParser(prog="python -m operators", description="Rackwright's operator of TrainingJobs.")
    parser.add_argument("--cluster", type=Path, required=True, help="the ClusterSpec, as JSON or YAML")
    parser.add_argument("--namespace", action="append", default=[], help="only this one's jobs (repeatable)")
    parser.add_argument("--liveness", metavar="ADDRESS:PORT", help="answer GET /healthz there")
    parser.add_argument(
        "--resync-seconds",
        type=float,
        default=DEFAULT_RESYNC_S,
        help="look at every job that often, whatever was heard (default %(default)s)",
    )
    asked = parser.parse_args(arguments)
    try:
        cluster = load_document(asked.cluster, ClusterSpec)
    except SpecError as error:
        print(error, file=sys.stderr)
        return 2
    kopf.configure(log_format=kopf.LogFormat.FULL)
    logging.getLogger("kopf").setLevel(logging.INFO)
    kopf.run(
        registry=register(cluster, resync_s=asked.resync_seconds),
        standalone=True,
        clusterwide=not asked.namespace,
        namespaces=asked.namespace,
        liveness_endpoint=f"http://{asked.liveness}/healthz" if asked.liveness else None,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
