package faultlab

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// disk is a small file system of our own, so that it can be full and can lose
// power; a plain directory where the system does not let us mount one.
type disk struct {
	// mount is where the file system is, image what it is made of; unmounted
	// says why there is none.
	mount, image, unmounted string
	cuts                    int
}

// How large it is: it holds a run's rows and is soon filled.
const shortImage, longImage = 768 << 20, 3 << 30

// openDisk makes one in the run's directory.
func (l *lab) openDisk() (*disk, error) {
	dir, size := l.dir, int64(shortImage)
	if l.long() {
		size = longImage
	}
	d := &disk{mount: filepath.Join(dir, "database"), image: filepath.Join(dir, "image-0")}
	if err := os.MkdirAll(d.mount, 0o755); err != nil {
		return nil, err
	}
	if err := d.make(size); err != nil {
		d.unmounted = err.Error()
	}
	return d, nil
}

func (d *disk) make(size int64) error {
	if os.Geteuid() != 0 {
		return errors.New("mounting takes root")
	}
	image, err := os.Create(d.image)
	if err != nil {
		return err
	}
	if err := errors.Join(image.Truncate(size), image.Close()); err != nil {
		return err
	}
	if err := command("mkfs.ext4", "-q", "-F", "-m", "0", d.image); err != nil {
		return err
	}
	return d.mountImage()
}

func (d *disk) mountImage() error { return command("mount", "-o", "loop", d.image, d.mount) }

func (d *disk) close() error {
	if d.unmounted != "" {
		return nil
	}
	return command("umount", d.mount)
}

// missing says why there is no file system of our own, if there is none.
func (d *disk) missing() string {
	if d.unmounted == "" {
		return ""
	}
	return "needs a file system of its own: " + d.unmounted
}

// mounted is missing of the run's database.
func mounted(l *lab) string { return l.store.space().missing() }

// filler is what fills it.
func (d *disk) filler() string { return filepath.Join(d.mount, "filler") }

// command runs a program of the system.
func command(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// diskWithin is how soon events are accepted again once there is space.
const diskWithin = 5 * time.Second

// diskFull fills the file system to the last byte and frees it later.
func diskFull(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	filler := l.store.space().filler()
	full, err := fill(filler)
	if err != nil {
		return err
	}
	f.From = time.Now()
	for end := f.From.Add(between(random, 6*time.Second, 10*time.Second)); time.Now().Before(end) && ctx.Err() == nil; pause(ctx, 50*time.Millisecond) {
		more, err := fill(filler)
		if err != nil {
			return err
		}
		full += more
	}
	refused := l.journal.refusedSince(f.From)
	f.Healed = time.Now()
	f.Took, f.Detail = refused > 0, fmt.Sprintf("%d MiB of filler until \"no space left\", %d requests refused", full>>20, refused)
	return errors.Join(os.Remove(filler), l.store.roomy(ctx, f))
}

// fill appends to a file until there is no space, and says how much it took.
func fill(path string) (written int64, err error) {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	for size := 1 << 20; size > 0; {
		n, err := out.Write(make([]byte, size))
		written += int64(n)
		switch {
		case errors.Is(err, syscall.ENOSPC):
			size /= 8
		case err != nil:
			return written, err
		}
	}
	return written, nil
}
