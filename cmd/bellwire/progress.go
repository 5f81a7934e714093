package main

import (
	"os"

	"github.com/schollz/progressbar/v3"
)

// progress is a bar on the terminal, if there is one, for work of a length that
// may not be known yet.
func progress(doing string, more ...progressbar.Option) *progressbar.ProgressBar {
	return progressbar.NewOptions64(-1, append([]progressbar.Option{
		progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(doing), progressbar.OptionSetVisibility(terminal(os.Stderr)),
	}, more...)...)
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
