package web

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
)

// diagnosis is a cause in plain words.
type diagnosis struct {
	// word fits a table cell, did finishes "Your server …".
	word string
	did  string
	// try is what to do next, one step a line.
	try []string
}

var diagnoses = map[webhook.Cause]diagnosis{
	webhook.CauseDNS: {"DNS error", "had a host name that did not resolve", []string{
		"Check the spelling of the host in the endpoint's URL.",
		"Ask a public resolver for it: dig +short HOST @1.1.1.1",
		"If the name is new, wait for its record to spread; deliveries are retried.",
	}},
	webhook.CauseRefused: {"connection refused", "refused the connection", []string{
		"Is the program running, and listening on the port in the URL?",
		"Does it listen on the public interface and not on localhost only?",
		"Does a firewall reject connections from our addresses? /api/v1/meta lists them.",
	}},
	webhook.CauseConnectTimeout: {"connect timeout", "did not answer the connection", []string{
		"A firewall probably drops packets. Allow our addresses; /api/v1/meta lists them.",
		"Check that the port in the URL is the one that is open to the internet.",
	}},
	webhook.CauseConnect: {"connect error", "could not be connected to", []string{
		"Check that the host is reachable from the internet: curl -v https://HOST/",
		"The message below says what the network answered.",
	}},
	webhook.CauseTLS: {"TLS error", "failed the TLS handshake", []string{
		"Look at the certificate: openssl s_client -connect HOST:443 -servername HOST",
		"Is it expired, self-signed, for another name, or is the chain incomplete? The message below says which.",
		"TLS 1.2 or newer is needed.",
	}},
	webhook.CauseTLSTimeout: {"TLS timeout", "did not finish the TLS handshake in 5 seconds", []string{
		"The port may not speak TLS, or the server is overloaded.",
		"See whether it answers you: openssl s_client -connect HOST:443 -servername HOST",
	}},
	webhook.CauseTimeout: {"timeout", "did not answer in time", []string{
		"Answer 2xx at once and do the work afterwards, in a queue of your own.",
		"Look for a slow query or a call to a third party in the handler.",
		"If it must be slow, raise the endpoint's timeout (30 seconds at most).",
	}},
	webhook.CauseReset: {"connection reset", "reset the connection", []string{
		"A proxy or the program itself closed the connection hard: look at its log at this time.",
		"A body limit in front of the program can do this; our payloads have up to 256 KiB.",
	}},
	webhook.CauseClosed: {"closed without answer", "closed the connection without an answer", []string{
		"The program may have crashed while handling the request: look at its log at this time.",
	}},
	webhook.CauseProtocol: {"not HTTP", "answered with something that is not HTTP", []string{
		"Does the port in the URL belong to a web server?",
		"http:// and https:// may be mixed up.",
	}},
	webhook.CauseHeaderTooLarge: {"headers too large", "sent more than 64 KiB of headers", []string{
		"Look for a header or cookie that grows with every request.",
	}},
	webhook.CauseBlocked: {"blocked address", "was at an address that we do not send to", []string{
		"The host resolves to a private, loopback or reserved address. Use a public one.",
		"Operators can open a private network with BELLWIRE_EGRESS_ALLOW.",
	}},
	webhook.CauseRedirect: {"redirect", "answered with a redirect", []string{
		"Redirects are never followed: they would hand the payload to a host that nobody registered.",
		"Put the final address into the endpoint's URL; the response's Location header names it.",
	}},
	webhook.CauseSlackToken: {"not connected", "could not be told: Slack does not take the project's connection", []string{
		"Reconnect Slack in the project's settings. What is held goes out by itself then.",
		"Somebody may have removed the app in the workspace, or ended its token.",
	}},
	webhook.CauseSlack: {"refused by Slack", "could not be told: Slack refused the message", []string{
		"The message below says why, in Slack's own word in brackets.",
		"A private channel takes messages only after the app was invited: /invite in the channel.",
		"If the channel is gone, choose another one in the endpoint's settings.",
	}},
	webhook.CauseWorkerLost: {"unknown", "may or may not have received the request", []string{
		"The node that sent it was lost before it could write down the answer. It is sent again with the same event id.",
	}},
	webhook.CauseInternal: {"internal", "could not be sent to, because of a fault on our side", []string{
		"It is tried again. If it goes on, tell support the delivery's id.",
	}},
}

// statusAdvice is what to try for statuses that say something themselves.
var statusAdvice = map[int][]string{
	400: {"The receiver could not read the request: compare the body below with what it expects.", "Check the endpoint's format."},
	401: {"The receiver refused the signature or a credential.", "Does it use this endpoint's signing secret? Reveal it on the Secret tab and compare.", "Does it verify the raw body, before any parsing?"},
	403: {"The receiver refused the signature, or something in front of it refused us.", "Does it use this endpoint's signing secret? Reveal it on the Secret tab and compare.", "A web application firewall may block the request: allow our addresses."},
	404: {"The path does not exist there: check the endpoint's URL.", "Is the handler deployed?"},
	405: {"The path does not take POST: check the endpoint's URL and the handler's method."},
	408: {"The receiver did not wait for the whole request: look for a short read timeout in front of it."},
	409: {"If it means that it has this event already, answer 2xx: everything else is sent again."},
	410: {"The receiver says that this address is gone for good, so the endpoint was paused.", "Change the URL, then resume the endpoint: what was held goes out."},
	413: {"The receiver, or a proxy before it, limits the body. Our payloads have up to 256 KiB."},
	415: {"We send application/json: the receiver expects something else. Check the endpoint's format and headers."},
	422: {"The receiver read the request and did not like its content: its answer below may say why."},
	429: {"The receiver asks for fewer requests. We wait as long as it says.", "Set a rate for this endpoint in its settings."},
	500: {"The receiver's own code failed: look at its log at this time.", "Try again with Resend once it is mended."},
	502: {"A proxy in front of the receiver could not reach it: is the program running?"},
	503: {"The receiver is overloaded or being deployed. Deliveries are retried."},
	504: {"A proxy in front of the receiver waited in vain for it.", "Answer 2xx at once and do the work afterwards, in a queue of your own."},
	520: {"Cloudflare got no proper answer from the server behind it: look at the server's log at this time."},
	521: {"Cloudflare was refused by the server behind it: is the program running, and does it let Cloudflare in?"},
	522: {"Cloudflare could not connect to the server behind it: is it up, and does it let Cloudflare in?"},
	523: {"Cloudflare found no way to the server behind it: check the host's DNS record there."},
	524: {"Cloudflare waited in vain for the server behind it.", "Answer 2xx at once and do the work afterwards, in a queue of your own."},
	525: {"Cloudflare and the server behind it did not agree on TLS: look at the server's certificate."},
	526: {"Cloudflare does not trust the certificate of the server behind it."},
}

func causeWord(cause webhook.Cause, status int) string {
	if cause == webhook.CauseStatus || cause == "" {
		return statusLine(status)
	}
	if d, ok := diagnoses[cause]; ok {
		return d.word
	}
	return string(cause)
}

// statusLine is "500 Internal Server Error".
func statusLine(status int) string {
	if status == 0 {
		return "–"
	}
	if text := http.StatusText(status); text != "" {
		return fmt.Sprintf("%d %s", status, text)
	}
	return fmt.Sprint(status)
}

// did finishes "Your server …".
func did(cause webhook.Cause, status int) string {
	if d, ok := diagnoses[cause]; ok {
		return d.did
	}
	return fmt.Sprintf("answered %d", status)
}

func advice(cause webhook.Cause, status int) []string {
	if d, ok := diagnoses[cause]; ok {
		return d.try
	}
	if lines, ok := statusAdvice[status]; ok {
		return lines
	}
	switch {
	case status >= 500:
		return statusAdvice[500]
	case status >= 400:
		return statusAdvice[400]
	}
	return nil
}

// hostWords are hosts that can stand in a command line as they are.
var hostWords = regexp.MustCompile(`^[A-Za-z0-9.:_\[\]-]+$`)

// adviceFor is advice about one attempt, with its host and time put in, so
// that a command can be copied and a log be opened at the right place.
func adviceFor(a webhook.Attempt, target string) []string {
	words := []string{"at this time", "at " + a.StartedAt.UTC().Format("2 Jan 15:04:05 UTC")}
	if u, err := url.Parse(target); err == nil && hostWords.MatchString(u.Host) {
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80"}[u.Scheme]
		}
		if port == "" {
			port = "443"
		}
		words = append(words, "HOST:443", net.JoinHostPort(u.Hostname(), port), "https://HOST/", u.Scheme+"://"+u.Host+"/", "HOST", u.Hostname())
	}
	put := strings.NewReplacer(words...)
	var lines []string
	for _, line := range advice(a.Cause, a.Response.Status) {
		lines = append(lines, put.Replace(line))
	}
	return lines
}
