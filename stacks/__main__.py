"""What `pulumi preview` and `pulumi up` run."""

from stacks.program import run

run()
