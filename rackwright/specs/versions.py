"""The versions that all parts are tested with together: what a new cluster gets, and what rehearsals run.

Rehearsals pin theirs in `rehearsal/tools/modules`, which the library knows nothing of; a test compares the two.
"""

KUBERNETES = "v1.36.3"
KUEUE = "0.15.0"
JOBSET = "0.11.1"
