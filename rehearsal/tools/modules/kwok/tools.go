//go:build tools

// Pins kwok for the rehearsal: the program's main packages, so that go.sum covers all they need.
package tools

import (
	_ "sigs.k8s.io/kwok/cmd/kwok"
)
