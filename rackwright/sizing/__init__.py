"""The arithmetic from a request to a plan, and from the plan to the cluster and the job; all of it pure.

One module for each subject; `planning` joins them.
"""

from rackwright.sizing.files.cluster import cluster_spec
from rackwright.sizing.files.job import training_job
from rackwright.sizing.planning.planning import plan

__all__ = ["cluster_spec", "plan", "training_job"]
