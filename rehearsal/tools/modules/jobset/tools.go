//go:build tools

// Pins jobset for the rehearsal: the program's main packages, so that go.sum covers all they need.
package tools

import (
	_ "sigs.k8s.io/jobset"
)
