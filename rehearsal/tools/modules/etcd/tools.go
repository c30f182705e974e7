//go:build tools

// Pins etcd for the rehearsal: the program's main packages, so that go.sum covers all they need.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
)
