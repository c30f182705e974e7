"""The arithmetic from a request to a plan, and from the plan to the cluster and the job; all of it pure.

One module for each subject; `planning` joins them.
"""

from rackwright.sizing.cluster import cluster_spec
from rackwright.sizing.job import training_job
from rackwright.sizing.planning import plan

__all__ = ["cluster_spec", "plan", "training_job"]
