package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/bellwire/bellwire/internal/secret"
	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/webhook"
)

// sealedMail keeps the requests that nodes leave for each other sealed: they
// carry the values of secret headers.
type sealedMail struct {
	*store.Store
	keys *secret.Keyring
}

const parcelField = "parcel"

// request is what of a parcel is sealed.
type request struct {
	Headers []webhook.HeaderLine
	Body    []byte
}

// PutParcels leaves requests for whoever holds the listeners' streams.
func (m sealedMail) PutParcels(ctx context.Context, parcels []webhook.Parcel) error {
	sealed := make([]webhook.Parcel, len(parcels))
	for i, p := range parcels {
		text, err := json.Marshal(request{p.Headers, p.Body})
		if err != nil {
			return fmt.Errorf("write a parcel: %w", err)
		}
		p.Headers, p.Body = nil, m.keys.Seal(text, p.AttemptID.UUID, parcelField)
		sealed[i] = p
	}
	return m.Store.PutParcels(ctx, sealed)
}

// TakeParcels answers what waits for listeners. One that can't be opened is
// left out: nobody answers it, and it is made again.
func (m sealedMail) TakeParcels(ctx context.Context, endpoints []webhook.EndpointID) ([]webhook.Parcel, error) {
	sealed, err := m.Store.TakeParcels(ctx, endpoints)
	opened := make([]webhook.Parcel, 0, len(sealed))
	for _, p := range sealed {
		text, wrong := m.keys.Open(p.Body, p.AttemptID.UUID, parcelField)
		var r request
		if wrong == nil {
			wrong = json.Unmarshal(text, &r)
		}
		if wrong != nil {
			err = fmt.Errorf("open a parcel: %w", wrong)
			continue
		}
		p.Headers, p.Body = r.Headers, r.Body
		opened = append(opened, p)
	}
	return opened, err
}
