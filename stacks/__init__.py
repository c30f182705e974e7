"""The Pulumi programs that declare a cluster."""
