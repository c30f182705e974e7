"""Whether a cluster's API answers, asked before a hundred objects are tried in vain."""

from __future__ import annotations

import base64
import ssl
import urllib.error
import urllib.request

import yaml

from rackwright.access.kubeconfig import server

ANSWER_TIMEOUT_S = 10.0
"""Seconds for an answer: packets that security rules drop are never answered."""


def unreachable(kubeconfig: str) -> str | None:
    """Why the API of a kubeconfig's first cluster doesn't answer from here; None when it does.

    Whoever answers must prove to be that cluster, since another network may use the same private addresses. What it
    answers doesn't matter: who we are is another question.
    """
    cluster = yaml.safe_load(kubeconfig)["clusters"][0]["cluster"]
    context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode("ascii"))
    context.check_hostname = False  # through a tunnel the name is another; the authority is this one cluster's
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(f"{server(kubeconfig)}/version", timeout=ANSWER_TIMEOUT_S):
            return None
    except urllib.error.HTTPError:
        return None
    except urllib.error.URLError as error:
        return _said(error.reason)
    except OSError as error:
        return _said(error)


def _said(reason: object) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return "something else answers there, which isn't this cluster"
    if isinstance(reason, TimeoutError):
        return f"no answer within {ANSWER_TIMEOUT_S:.0f} s"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror.lower()
    return str(reason)
