package app

import (
	"bytes"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestSealedMail_holds_no_secret_header_and_comes_out_as_it_went_in(t *testing.T) {
	t.Parallel()
	a := running(t, settings(t))
	mail := sealedMail{a.store, a.keyring}
	p := webhook.Parcel{
		EndpointID: webhook.EndpointID{UUID: mint.UUID(time.Now())}, AttemptID: webhook.AttemptID{UUID: mint.UUID(time.Now())},
		Headers: []webhook.HeaderLine{{Name: "X-Api-Key", Value: "hush-hush"}}, Body: []byte("{}\x00\xff"),
	}
	endpoint := []webhook.EndpointID{p.EndpointID}
	put := func() {
		t.Helper()
		if err := mail.PutParcels(t.Context(), []webhook.Parcel{p}); err != nil {
			t.Fatal(err)
		}
	}
	put()
	if stored, err := a.store.TakeParcels(t.Context(), endpoint); err != nil || len(stored) != 1 || len(stored[0].Headers) != 0 || bytes.Contains(stored[0].Body, []byte("hush")) {
		t.Errorf("stored as %+v, %v", stored, err)
	}
	put()
	if taken, err := mail.TakeParcels(t.Context(), endpoint); err != nil || len(taken) != 1 || taken[0].Headers[0] != p.Headers[0] || !bytes.Equal(taken[0].Body, p.Body) {
		t.Errorf("taken as %+v, %v", taken, err)
	}
	if err := a.store.PutParcels(t.Context(), []webhook.Parcel{p}); err != nil {
		t.Fatal(err)
	}
	if taken, err := mail.TakeParcels(t.Context(), endpoint); err == nil || len(taken) != 0 {
		t.Errorf("took %+v that nobody sealed", taken)
	}
}
