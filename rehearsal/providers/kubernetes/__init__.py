"""The stand-in for Pulumi's `kubernetes` provider plugin: a real API server, server-side apply, and the real Helm.

It behaves as pulumi-kubernetes 4.34 does in server-side-apply mode for every resource that carries an apiVersion and a
kind, and for `helm.sh/v3:Release`. Everything else of the real provider is refused by name. Where it differs:

- fields that a kind doesn't have are errors (the real one warns of some): what passes here passes there;
- a Service is ready without endpoints, unless it waits for a load balancer's address;
- `pulumi.com/waitFor` takes plain paths alone, without filters and wildcards;
- charts come from local folders and from the rehearsal's pinned copies, whatever registry their address names.
"""
