"""The process kubelet: runs pods of known images as local processes.

What it takes from the pod unchanged: image, command, arguments, environment, ConfigMaps, Secrets, service account,
probes, restart policy, grace period. What it must map, because a process shares the machine's network and files: listen
addresses (to 127.0.0.1 and a free port) and mount paths (to the state directory). README.md says how KWOK tells these
pods from the ones it plays, and what is left out.
"""
