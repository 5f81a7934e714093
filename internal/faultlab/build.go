package faultlab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build builds the product from the module that this is run in, as the
// end-to-end tests do. Flags are go's own.
func Build(ctx context.Context, flags []string) (binary string, clean func(), err error) {
	dir, err := os.MkdirTemp("", "faultlab-build-")
	if err != nil {
		return "", nil, err
	}
	clean = func() { os.RemoveAll(dir) }
	binary = filepath.Join(dir, "bellwire")
	args := append([]string{"build", "-o", binary}, flags...)
	build := exec.CommandContext(ctx, "go", append(args, "github.com/bellwire/bellwire/cmd/bellwire")...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		clean()
		return "", nil, fmt.Errorf("build the product: %w: %s", err, out)
	}
	return binary, clean, nil
}
