package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/bellwire/bellwire/internal/store/storetest"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestPostgreSQLConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Postgres)
}

// Publishers, claims and records lock the queue rows of the same endpoints, all
// in the same order: one that locks out of turn meets another in a deadlock,
// which costs a second. Here a claim passes an endpoint over while a record
// waits for the next one in the order.
func TestOnPostgreSQLARecordLocksNoQueueRowOutOfTurn(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	h := storetest.NewHarness(t, url)
	first, second := h.Endpoint(), h.Endpoint()
	h.Publish(first, second)
	jobs := h.Claim(2)
	if len(jobs) != 2 {
		t.Fatalf("claimed %d", len(jobs))
	}
	results := make([]webhook.Settled, len(jobs))
	for i, j := range jobs {
		if results[i] = h.Delivered(j); j.Delivery.EndpointID == second.ID {
			results[i] = h.Failed(j, 0) // so that the queue's row of this one must be written
		}
	}
	claim, publish := transaction(t, url), transaction(t, url)
	both := fmt.Sprintf("SELECT 1 FROM endpoint_queue WHERE endpoint_id IN (%s, %s) ORDER BY endpoint_id FOR NO KEY UPDATE", h.Lit(first.ID.UUID), h.Lit(second.ID.UUID))
	claim.exec(t, both)
	claim.exec(t, fmt.Sprintf("UPDATE endpoint_queue SET turn_at = 8000000000000 WHERE endpoint_id = %s", h.Lit(first.ID.UUID)))

	var others errgroup.Group
	others.Go(func() error { return h.Store.Record(t.Context(), h.Node, results) })
	others.Go(func() error {
		if _, err := publish.Exec(context.WithoutCancel(t.Context()), both); err != nil {
			return err
		}
		return publish.Commit(context.WithoutCancel(t.Context()))
	})
	for h.Number("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())") < 2 {
		time.Sleep(5 * time.Millisecond)
	}
	if err := claim.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := others.Wait(); err != nil {
		t.Error(err)
	}
	time.Sleep(time.Second) // a connection tells its figures that late at most
	if n := h.Number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"); n != 0 {
		t.Errorf("%d deadlocks", n)
	}
}

type rawTx struct{ pgx.Tx }

// transaction begins one on a connection of its own.
func transaction(t *testing.T, url string) rawTx {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), strings.Split(url, "&pool_max_conns")[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rawTx{tx}
}

func (tx rawTx) exec(t *testing.T, text string) {
	t.Helper()
	if _, err := tx.Exec(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

func TestOnPostgreSQLACommitThatNobodyKnowsOfIsNotCalledNothing(t *testing.T) {
	t.Parallel()
	h := storetest.NewHarness(t, storetest.Postgres(t))
	item := h.Item(h.Event(), false, h.Endpoint())
	h.Exec(`CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NULL; END'`)
	h.Exec(`CREATE CONSTRAINT TRIGGER late AFTER INSERT ON deliveries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()`)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := h.Store.Admit(ctx, []webhook.Admission{{Items: []webhook.AdmissionItem{item}}})
	if err == nil || webhook.KindOf(err) != webhook.KindUnavailable || err.Error() != webhook.InDoubt(unwrapped(err)).Error() {
		t.Errorf("the commit took too long: %v", err)
	}

	// What the server refuses was not stored.
	h.Exec(`CREATE OR REPLACE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''full'' USING ERRCODE = ''53100''; END'`)
	again := h.Item(h.Event(), false)
	again.Deliveries, again.LeaseFor = item.Deliveries, item.LeaseFor
	for i := range again.Deliveries {
		again.Deliveries[i].ID.UUID[15]++
	}
	_, err = h.Store.Admit(t.Context(), []webhook.Admission{{Items: []webhook.AdmissionItem{again}}})
	if err == nil || err.Error() != webhook.Unavailable(unwrapped(err)).Error() {
		t.Errorf("the server refused: %v", err)
	}
}

// unwrapped is the cause that a webhook.Error carries for the log.
func unwrapped(err error) error {
	var told *webhook.Error
	if errors.As(err, &told) {
		return told.Err
	}
	return err
}
