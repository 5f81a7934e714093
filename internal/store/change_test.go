package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/store/storetest"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestAChangeAndItsEventsAreStoredTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := storetest.NewHarness(t, database(t))
			old := h.Item(h.Event(), true, h.Endpoint())
			e := h.Endpoint()
			good := h.Item(h.Event(), true, e)
			failure := errors.New("the change has second thoughts")
			counts := func() [3]int64 {
				return [3]int64{h.Number("SELECT count(*) FROM audit WHERE action = 'changed'"), h.Number("SELECT count(*) FROM events"), h.Number("SELECT count(*) FROM deliveries")}
			}
			change := func(item *webhook.AdmissionItem, err error) (webhook.Admitted, error) {
				entry := webhook.AuditEntry{
					ID: webhook.AuditID{UUID: mint.UUID(time.Now())}, At: time.Now(), ProjectID: h.Project, Action: "changed",
					Actor: webhook.Actor{Type: webhook.ActorSystem, Name: "test"},
				}
				return h.Store.ChangeAndAdmit(t.Context(), entry, func() (webhook.Admission, error) {
					if item == nil {
						return webhook.Admission{}, err
					}
					return webhook.Admission{Items: []webhook.AdmissionItem{*item}}, err
				})
			}
			if a, err := change(&old, nil); err != nil || !a.Stale || counts() != [3]int64{} {
				t.Errorf("stale: %+v, %v, stored %v", a, err, counts())
			}
			if _, err := change(&good, failure); !errors.Is(err, failure) || counts() != [3]int64{} {
				t.Errorf("failed: %v, stored %v", err, counts())
			}
			broken := good
			broken.Deliveries = []webhook.Delivery{good.Deliveries[0], good.Deliveries[0]}
			broken.LeaseFor = []time.Duration{time.Minute, time.Minute}
			if _, err := change(&broken, nil); err == nil || counts() != [3]int64{} {
				t.Errorf("the events can't be stored: %v, stored %v", err, counts())
			}
			if _, err := change(nil, nil); err != nil || counts() != [3]int64{1, 0, 0} {
				t.Errorf("nothing follows: %v, stored %v", err, counts())
			}
			a, err := change(&good, nil)
			if err != nil || a.Stale || len(a.Receipts) != 1 || len(a.Receipts[0].HandedOff) != 1 || counts() != [3]int64{2, 1, 1} {
				t.Errorf("both: %+v, %v, stored %v", a, err, counts())
			}
			// What held the connection gave it back as it was.
			if a := h.Admit(h.Item(h.Event(), false, e)); a.Err != nil || a.Receipts[0].Seq <= 1 {
				t.Errorf("the next admission: %+v", a)
			}
			h.CheckInvariants("the changes")
		})
	}
}
