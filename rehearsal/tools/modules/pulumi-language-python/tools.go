//go:build tools

// Pins pulumi-language-python for the rehearsal: the program's main packages, so that go.sum covers all they need.
package tools

import (
	_ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
)
