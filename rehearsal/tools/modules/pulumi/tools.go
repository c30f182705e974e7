//go:build tools

// Pins pulumi for the rehearsal: the program's main packages, so that go.sum covers all they need.
package tools

import (
	_ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
)
