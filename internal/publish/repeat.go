package publish

import "github.com/bellwire/bellwire/internal/webhook"

// scope is where an idempotency key holds: a project, or with zero the
// instance.
type scope struct {
	project webhook.ProjectID
	key     string
}

// repeats are the entries of one request with those left out that repeat an
// earlier one of the same request.
type repeats struct {
	first []*entry
	// of says for each entry of the request which of first answers it.
	of []int
}

// withoutRepeats finds events of one request under one idempotency key. The
// same event again counts once; another body is a conflict.
func withoutRepeats(entries []*entry) (repeats, error) {
	r := repeats{first: entries[:0:0], of: make([]int, len(entries))}
	seen := map[scope]int{}
	for i, e := range entries {
		if e.event.Key != "" {
			s := scope{e.event.ProjectID, e.event.Key}
			if first, ok := seen[s]; ok {
				if r.first[first].fingerprint != e.fingerprint {
					err := webhook.Conflict("%sidempotencyKey stands on another event of this request already", e.at)
					err.Fields = []webhook.Field{{Location: e.at + "idempotencyKey", Message: "stands on another event of this request already"}}
					return repeats{}, err
				}
				r.of[i] = first
				continue
			}
			seen[s] = len(r.first)
		}
		r.of[i] = len(r.first)
		r.first = append(r.first, e)
	}
	return r, nil
}

// spread gives every entry of the request its receipt.
func (r repeats) spread(entries []*entry, receipts []webhook.Receipt) []webhook.Receipt {
	all := make([]webhook.Receipt, len(entries))
	answered := make([]bool, len(r.first))
	for i, e := range entries {
		all[i] = receipts[r.of[i]]
		all[i].Warnings = e.warnings
		if answered[r.of[i]] {
			all[i].Duplicate = true
		}
		answered[r.of[i]] = true
	}
	return all
}
