"""Benchmarks: `make bench`. Numbers of one machine, for people; no test depends on them."""

import os

# One core: numpy's libraries read these when they are loaded, which is after this.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
