package deliveries

import "fmt"

func headersTitle(m Message) string {
	if len(m.Headers) == 1 {
		return "1 header"
	}
	return fmt.Sprintf("%d headers", len(m.Headers))
}
