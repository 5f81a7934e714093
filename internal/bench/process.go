package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ticks are the parts of a second in which Linux counts a process's time.
const ticks = 100

// stat is one line of /proc.
type stat struct {
	parent int
	// cpu is of the process and of the children that ended, in seconds.
	cpu float64
}

// readStat reads /proc/PID/stat; ok is false where there is none.
func readStat(pid int) (s stat, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	end := bytes.LastIndexByte(text, ')') // a name may hold anything
	if err != nil || end < 0 {
		return s, false
	}
	fields := strings.Fields(string(text[end+1:]))
	if len(fields) < 15 {
		return s, false
	}
	s.parent, _ = strconv.Atoi(fields[1])
	for _, field := range fields[11:15] {
		n, _ := strconv.ParseFloat(field, 64)
		s.cpu += n / ticks
	}
	return s, true
}

// usedCPU is the time of processes and all that they started, in seconds.
func usedCPU(roots ...int) float64 {
	all, total := map[int]stat{}, 0.0
	entries, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well formed
	for _, entry := range entries {
		pid, _ := strconv.Atoi(filepath.Base(entry))
		if s, ok := readStat(pid); ok {
			all[pid] = s
		}
	}
	for pid, s := range all {
		if descends(all, pid, roots) {
			total += s.cpu
		}
	}
	return total
}

func descends(all map[int]stat, pid int, roots []int) bool {
	for steps := 0; pid > 0 && steps < 100; steps++ {
		if slices.Contains(roots, pid) {
			return true
		}
		pid = all[pid].parent
	}
	return false
}

// memory is a figure of a process in MiB: VmRSS or VmHWM of "status", Pss of
// "smaps_rollup"; 0 where the system doesn't tell.
func memory(pid int, file, figure string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, figure+":"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kib / 1024
		}
	}
	return 0
}

func resident(pid int) float64 { return memory(pid, "status", "VmRSS") }

// meter measures processes from its making to stop.
type meter struct {
	roots  []int
	before float64
	quit   chan struct{}
	done   sync.WaitGroup
	peak   float64 // of the first process, in MiB; read it after stop
}

// sampled is how often memory is looked at.
const sampled = 100 * time.Millisecond

// newMeter counts the time of processes with all their children, and the memory
// of the first one.
func newMeter(first int, more ...int) *meter {
	m := &meter{roots: append([]int{first}, more...), quit: make(chan struct{}), peak: resident(first)}
	m.done.Go(func() {
		for {
			select {
			case <-m.quit:
				return
			case <-time.After(sampled):
				m.peak = max(m.peak, resident(first))
			}
		}
	})
	m.before = usedCPU(m.roots...)
	return m
}

// stop answers the seconds used.
func (m *meter) stop() float64 {
	used := usedCPU(m.roots...) - m.before
	close(m.quit)
	m.done.Wait()
	return used
}
