//go:build tools

// Pins helm for the rehearsal: the program's main packages, so that go.sum covers all they need.
package tools

import (
	_ "helm.sh/helm/v4/cmd/helm"
)
