package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// waitingFor counts what waits for one endpoint.
func (w *Web) waitingFor(c *gin.Context, e webhook.Endpoint) (int64, error) {
	backlogs, err := w.Manage.Backlogs(c.Request.Context(), w.caller(c), e.ProjectID, []webhook.EndpointID{e.ID})
	return backlogs[e.ID].Waiting, err
}

func (w *Web) pauseEndpoint(c *gin.Context) error {
	e, err := w.endpoint(c)
	if err != nil {
		return err
	}
	if _, err := w.Manage.PauseEndpoint(c.Request.Context(), w.caller(c), e.ID); err != nil {
		return err
	}
	w.done(c, "Paused. New events are held until somebody resumes it.")
	return w.redirect(c, pathEndpoint(e))
}

func (w *Web) resumeEndpoint(c *gin.Context) error {
	e, err := w.endpoint(c)
	if err != nil {
		return err
	}
	rate := 0.0
	if raw := strings.TrimSpace(c.PostForm("rate")); raw != "" {
		if rate, err = strconv.ParseFloat(raw, 64); err != nil {
			return webhook.Invalid("rate", "must be a number of deliveries per second")
		}
	}
	held, err := w.waitingFor(c, e)
	if err != nil {
		return err
	}
	if _, err := w.Manage.ResumeEndpoint(c.Request.Context(), w.caller(c), e.ID, rate); err != nil {
		return err
	}
	w.done(c, resumedWords(held, rate))
	return w.redirect(c, pathEndpoint(e))
}

func resumedWords(held int64, rate float64) string {
	switch {
	case held == 0:
		return "Resumed. Nothing was held; new events go out at once."
	case rate == 0:
		return "Resumed. " + waitingCount(held) + " held " + oneOf(held, "delivery goes", "deliveries go") + " out, oldest first."
	}
	lasts := span(drainTime(held, max(int64(rate), 1)))
	return fmt.Sprintf("Resumed. %s held %s out at %g per second, oldest first: about %s.", waitingCount(held), oneOf(held, "delivery goes", "deliveries go"), rate, lasts)
}

// deleteEndpoint asks once more if deliveries came to wait that the question
// did not speak of.
func (w *Web) deleteEndpoint(c *gin.Context) error {
	e, err := w.endpoint(c)
	if err != nil {
		return err
	}
	if err := w.caller(c).May(account.ChangeEndpoint, e.ProjectID); err != nil {
		return err
	}
	waiting, err := w.waitingFor(c, e)
	if err != nil {
		return err
	}
	if word := deletionWord(e, waiting); word != "" && strings.TrimSpace(c.PostForm("confirm")) != word {
		w.flash(c, component.Flash{Tone: component.Retry, Text: fmt.Sprintf("Nothing is deleted yet: %s would be cancelled. Press Delete and type %q to go on.",
			plural(waiting, "waiting delivery", "waiting deliveries"), word)})
		return w.endpointPage(c, http.StatusUnprocessableEntity, e, tabDeliveries, extras{})
	}
	if err := w.Manage.DeleteEndpoint(c.Request.Context(), w.caller(c), e.ID); err != nil {
		return err
	}
	w.flash(c, component.Flash{Tone: component.Good, Text: e.Name + " is deleted.", Link: component.Link{Label: "Its log stays readable", URL: pathEndpoint(e)}})
	return w.redirect(c, under(e.ProjectID, "endpoints"))
}

// testEndpoint answers the page with the result on it: it waited for the
// receiver.
func (w *Web) testEndpoint(c *gin.Context) error {
	e, err := w.endpoint(c)
	if err != nil {
		return err
	}
	next := c.PostForm("useNext") == "true"
	result, err := w.Manage.TestEndpoint(c.Request.Context(), w.caller(c), e.ID, manage.TestWish{Topic: c.PostForm("topic"), UseNext: next})
	if err != nil {
		return err
	}
	tab := tabDeliveries
	if next {
		tab = tabSecret
	}
	return w.endpointPage(c, http.StatusOK, e, tab, extras{test: presentTest(result, next)})
}

func presentTest(r manage.TestResult, next bool) *endpoints.TestResult {
	t := &endpoints.TestResult{
		Mark: outcomeMark(r.Attempt.Outcome), URL: pathDelivery(r.Delivery), Next: next, Topic: r.Delivery.Topic,
		Response: presentAnswer(r.Attempt.Response), Facts: testFacts(r, next),
	}
	status := r.Attempt.Response.Status
	switch {
	case r.Attempt.Outcome == webhook.OutcomeDelivered && next:
		t.Verdict = fmt.Sprintf("Your server answered %s. The receiver knows the next secret: you can switch.", statusLine(status))
	case r.Attempt.Outcome == webhook.OutcomeDelivered:
		t.Verdict = fmt.Sprintf("Your server answered %s.", statusLine(status))
	case next && status > 0:
		t.Verdict = fmt.Sprintf("The test failed with %s.", statusLine(status))
		if status == http.StatusUnauthorized || status == http.StatusForbidden {
			t.Verdict += " Your receiver does not know the next secret yet."
		}
	default:
		t.Verdict = "Your server " + did(r.Attempt.Cause, status) + "."
		t.Detail = r.Attempt.Error
		if lines := advice(r.Attempt.Cause, status); t.Detail == "" && len(lines) > 0 {
			t.Detail = lines[0]
		}
	}
	return t
}

func testFacts(r manage.TestResult, next bool) []component.Figure {
	signed := "current secret"
	if next {
		signed = "next secret"
	}
	return []component.Figure{
		{Label: "Topic", Value: r.Delivery.Topic}, {Label: "Signed with", Value: signed}, {Label: "Took", Value: took(r.Attempt.Duration)},
	}
}
