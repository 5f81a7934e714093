package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

func main() {
	base, out := os.Args[1], os.Args[2]
	widths := map[string][2]int64{"p": {390, 844}, "t": {768, 1024}, "w": {1440, 900}}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	allocator, halt := context.WithTimeout(allocator, 100*time.Second)
	defer halt()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	for _, arg := range os.Args[3:] {
		name, views, _ := strings.Cut(arg, "=")
		for _, v := range strings.Split(views, ",") {
			w, scheme := widths[v[:1]], map[byte]string{'l': "light", 'd': "dark"}[v[1]]
			err := chromedp.Do(ctx, chromedp.EmulateViewport(w[0], w[1]), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
				_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
				return err
			}), chromedp.Navigate(base+name+"?theme="+scheme), chromedp.WaitReady(chromedp.CSS("main")))
			if err != nil {
				fmt.Println(arg, err)
				continue
			}
			side, err := chromedp.Run(ctx, chromedp.Evaluate[float64](`document.documentElement.scrollWidth-document.documentElement.clientWidth`))
			if err != nil || side > 0 {
				fmt.Println(name, v, "sideways", side, err)
			}
			png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			if err != nil {
				fmt.Println(arg, err)
				continue
			}
			os.WriteFile(filepath.Join(out, strings.ReplaceAll(name, "/", "_")+"-"+v+".png"), png, 0o644)
		}
	}
}
