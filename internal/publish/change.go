package publish

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Follow lays out the events that follow from a change, so that the change can
// have them stored in its own transaction. No drafts make an empty admission,
// which needs no storing.
type Follow func(drafts []Draft) (webhook.Admission, error)

// Change changes something in a transaction of its own: it reads what stands
// there, calls follow inside the transaction with the drafts of what follows,
// and stores both. When the admission is stale it undoes everything. It may be
// run more than once, and call follow more than once: the last time counts.
type Change func(ctx context.Context, follow Follow) (webhook.Admitted, error)

// Change carries out a change of a project (zero for the instance) and has the
// events that follow from it admitted in the same transaction: both are stored,
// or neither. Who may make the change is settled before; who changes something
// need not be allowed to publish. Drafts name their project and have no
// idempotency keys. The events leave no audit entries of their own.
func (p *Publisher) Change(ctx context.Context, caller account.Caller, project webhook.ProjectID, change Change) ([]webhook.Receipt, error) {
	for range maxMatchings {
		if err := p.warm(ctx, project); err != nil {
			return nil, err
		}
		f := &following{p: p, ctx: ctx, caller: caller}
		answer, err := change(ctx, f.follow)
		switch {
		case err != nil:
			f.giveBack()
			return nil, unreachable("store a change", err)
		case answer.Stale:
			f.giveBack()
			for _, c := range f.used {
				p.catalogues.forget(c)
			}
		default:
			return f.settle(answer)
		}
	}
	return nil, &webhook.Error{
		Kind:    webhook.KindUnavailable,
		Message: "the project's endpoints change too fast to match what follows; nothing was changed, try again",
	}
}

// warm has the copies at hand that laying out needs: a transaction that holds
// others up should not wait for reads.
func (p *Publisher) warm(ctx context.Context, project webhook.ProjectID) error {
	if project.IsZero() {
		return nil
	}
	_, err := p.catalogues.of(ctx, project)
	return err
}

// following is one run of a change.
type following struct {
	p      *Publisher
	ctx    context.Context //nolint:containedctx // of the caller, who waits
	caller account.Caller

	request   *request // nil until something follows
	used      []*catalogue
	claimedAt time.Time
}

// follow is the Follow of this run.
func (f *following) follow(drafts []Draft) (webhook.Admission, error) {
	f.giveBack()
	if len(drafts) == 0 {
		return webhook.Admission{}, nil
	}
	entries := make([]*entry, len(drafts))
	for i, d := range drafts {
		err := address(&d, f.caller, "")
		if err == nil {
			entries[i], err = f.p.judge(f.ctx, f.caller, d, "")
		}
		if err != nil {
			return webhook.Admission{}, err
		}
		entries[i].audit = nil // the change has its own
	}
	r, used, err := f.p.match(f.ctx, entries)
	if err != nil {
		return webhook.Admission{}, err
	}
	f.request, f.used, f.claimedAt = r, used, f.p.now()
	f.p.reserve(r.admission.Items)
	return r.admission, nil
}

// giveBack ends what was reserved for events that are not stored.
func (f *following) giveBack() {
	if f.request == nil {
		return
	}
	for i := range f.request.admission.Items {
		f.p.release(&f.request.admission.Items[i])
	}
	f.request = nil
}

// settle sends what was stored on its way.
func (f *following) settle(answer webhook.Admitted) ([]webhook.Receipt, error) {
	if f.request == nil {
		return nil, nil
	}
	group, admitted := []*request{f.request}, []webhook.Admitted{answer}
	err := answer.Err
	if err == nil {
		err = complete(group, admitted)
	}
	if err != nil {
		f.giveBack()
		return nil, err
	}
	f.p.stored.Store(f.p.now().UnixNano())
	f.p.handOver(group, admitted, f.claimedAt)
	return answer.Receipts, nil
}
