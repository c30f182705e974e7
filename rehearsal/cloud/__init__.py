"""The simulated Oracle: a small model of Oracle Cloud, in one file of the rehearsal's state directory.

Simulated: the region's hosts and their fabric, the service's answers, its limits and its errors. Real: what a resource
type takes, which of its properties can change and which make a new resource (read from the official SDK, see
`rehearsal.cloud.sdk`), and the Kubernetes nodes that pools add to the rehearsal's API server.

Not simulated: time (everything is `ACTIVE` when the call returns), authentication and policies (every caller may do
everything), prices, and what no program of this project declares: a resource type or look-up that isn't modelled is
an error that names it.
"""
