"""What goes wrong with jobs on a cluster, each as a sentence for people."""

from __future__ import annotations


class JobsError(Exception):
    """Something that couldn't be done on the cluster; the kinds that callers tell apart are below."""


class NotFound(JobsError):  # noqa: N818  # the name says what happened
    """What is asked for isn't there: a job, a queue, a pod, a kubeconfig."""


class Denied(JobsError):  # noqa: N818  # as above
    """The cluster doesn't let this user do it."""


class Unreachable(JobsError):  # noqa: N818  # as above
    """The cluster doesn't answer."""


class Refused(JobsError):  # noqa: N818  # as above
    """The cluster understood and doesn't take it; nothing was changed."""
