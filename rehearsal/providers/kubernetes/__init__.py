"""The stand-in for Pulumi's `kubernetes` provider plugin: a real API server, server-side apply, and the real Helm.

It behaves as pulumi-kubernetes 4.34 does in server-side-apply mode for every resource that carries an apiVersion and a
kind, and for `helm.sh/v3:Release`. Everything else of the real provider is refused by name.
"""
