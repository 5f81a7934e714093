package publish_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

var (
	shop  = webhook.ProjectID{UUID: webhook.UUID{1}}
	other = webhook.ProjectID{UUID: webhook.UUID{2}}

	errDown = webhook.Unavailable(errors.New("connection refused"))
)

const priceSchema = `{"type":"object","required":["productId","price"],"properties":{"price":{"type":"number","minimum":0},` +
	`"currency":{"enum":["EUR","USD"]},"items":{"type":"array","items":{"type":"object","required":["id"]}}}}`

func topicsOfShop() []webhook.Topic {
	return []webhook.Topic{
		{Name: "product.price_changed", Schema: []byte(priceSchema), SearchKeys: []string{"productId", "price", "nothing", "nested"}},
		{Name: "product.viewed"},
		{Name: "sale.loose", Schema: []byte(priceSchema), WarnOnly: true},
		{Name: "endpoint.paused", Group: webhook.GroupOperational},
	}
}

type stored struct {
	fingerprint [32]byte
	receipt     webhook.Receipt
}

type scoped struct {
	project webhook.ProjectID
	key     string
}

// memory is a Store in memory. Its fields may be set before use; later under
// mu.
type memory struct {
	mu         sync.Mutex
	topics     []webhook.Topic
	topicsAt   int64
	version    map[webhook.ProjectID]int64
	endpoints  map[webhook.ProjectID][]webhook.Endpoint
	suspended  bool
	handsOff   bool          // grants every hand-off
	takes      time.Duration // of each Admit
	refuse     func(call string, a []webhook.Admission) error
	calls      map[string]int
	groups     [][]webhook.Admission // that Admit was called with
	events     []webhook.Event
	deliveries []webhook.Delivery
	keys       map[scoped]stored
	seq        int64
	steps      []*webhook.FanOutStep
	advanced   []webhook.EndpointID
}

func newMemory() *memory {
	return &memory{
		topics: topicsOfShop(), topicsAt: 1,
		version:   map[webhook.ProjectID]int64{shop: 1, other: 1},
		endpoints: map[webhook.ProjectID][]webhook.Endpoint{},
		calls:     map[string]int{}, keys: map[scoped]stored{},
		handsOff: true,
	}
}

// subscribe adds an endpoint and bumps the catalogue, as one transaction does.
func (m *memory) subscribe(project webhook.ProjectID, pattern string, change ...func(*webhook.Endpoint)) webhook.EndpointID {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := webhook.Endpoint{ID: webhook.EndpointID{UUID: mint.UUID(time.Now())}, ProjectID: project, Version: 3, State: webhook.EndpointActive}
	e.Topics, e.Timeout = []string{pattern}, 15*time.Second
	for _, c := range change {
		c(&e)
	}
	m.endpoints[project] = append(m.endpoints[project], e)
	m.version[project]++
	return e.ID
}

func (m *memory) called(call string, a []webhook.Admission) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls[call]++
	if m.refuse != nil {
		return m.refuse(call, a)
	}
	return nil
}

func (m *memory) count(call string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls[call]
}

func (m *memory) Admit(ctx context.Context, admissions []webhook.Admission) ([]webhook.Admitted, error) {
	select {
	case <-time.After(m.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := m.called("admit", admissions); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.groups = append(m.groups, admissions)
	answers := make([]webhook.Admitted, len(admissions))
	for i, a := range admissions {
		answers[i] = m.admit(a)
	}
	return answers, nil
}

func (m *memory) admit(a webhook.Admission) webhook.Admitted {
	for i, item := range a.Items {
		if item.Event.Audience == webhook.AudienceProject && item.Catalogue != m.version[item.Event.ProjectID] {
			return webhook.Admitted{Stale: true}
		}
		s := scoped{item.Event.ProjectID, item.Event.Key}
		if known, ok := m.keys[s]; ok && item.Event.Key != "" && known.fingerprint != item.Fingerprint {
			err := webhook.Conflict("the key was used with another event")
			err.Fields = []webhook.Field{{Location: "idempotencyKey", Message: "was used with another event"}}
			return webhook.Admitted{Err: err, Refused: i}
		}
	}
	var answer webhook.Admitted
	for _, item := range a.Items {
		answer.Receipts = append(answer.Receipts, m.store(item))
	}
	return answer
}

func (m *memory) store(item webhook.AdmissionItem) webhook.Receipt {
	s := scoped{item.Event.ProjectID, item.Event.Key}
	if known, ok := m.keys[s]; ok && item.Event.Key != "" {
		known.receipt.Duplicate, known.receipt.HandedOff = true, nil
		return known.receipt
	}
	m.seq++
	r := webhook.Receipt{
		ID: item.Event.ID, Topic: item.Event.Topic, Deliveries: len(item.Deliveries), FanOut: item.Event.FanOut, Seq: m.seq,
	}
	for _, d := range item.Deliveries {
		if d.State == webhook.Sending && m.handsOff {
			r.HandedOff = append(r.HandedOff, d.ID)
		} else {
			d.State = webhook.Waiting
		}
		m.deliveries = append(m.deliveries, d)
	}
	m.events = append(m.events, item.Event)
	if item.Event.Key != "" {
		m.keys[s] = stored{item.Fingerprint, r}
	}
	return r
}

func (m *memory) Catalogue(_ context.Context, project webhook.ProjectID, take func(webhook.Endpoint) error) (int64, bool, error) {
	if err := m.called("catalogue", nil); err != nil {
		return 0, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	version, ok := m.version[project]
	if !ok {
		return 0, false, webhook.NotFound("there is no such project")
	}
	for _, e := range m.endpoints[project] {
		if err := take(e); err != nil {
			return 0, false, err
		}
	}
	return version, m.suspended, nil
}

func (m *memory) Topics(context.Context) ([]webhook.Topic, int64, error) {
	if err := m.called("topics", nil); err != nil {
		return nil, 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.topics), m.topicsAt, nil
}

func (m *memory) addTopic(topic webhook.Topic) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.topics = append(m.topics, topic)
	m.topicsAt++
}

func (m *memory) FanOutStep(context.Context) (*webhook.FanOutStep, error) {
	if err := m.called("step", nil); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.steps) == 0 {
		return nil, nil
	}
	return m.steps[0], nil
}

func (m *memory) AdvanceFanOut(_ context.Context, step webhook.FanOutStep, made []webhook.Delivery) error {
	if err := m.called("advance", nil); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.steps = m.steps[1:]
	m.advanced = append(m.advanced, step.To)
	m.deliveries = append(m.deliveries, made...)
	return nil
}

// senders is a HandOff that counts.
type senders struct {
	mu    sync.Mutex
	room  int // reservations that are still granted
	open  int // reservations that are not ended
	jobs  []webhook.Job
	wakes int
}

func (s *senders) Reserve(webhook.EndpointID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.room == 0 {
		return false
	}
	s.room--
	s.open++
	return true
}

func (s *senders) Release(webhook.EndpointID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.room++
	s.open--
}

func (s *senders) Submit(jobs []webhook.Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open -= len(jobs)
	s.jobs = append(s.jobs, jobs...)
}

func (s *senders) Wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wakes++
}

// rig is a running publisher with its fakes.
type rig struct {
	*publish.Publisher
	store   *memory
	senders *senders
	stop    context.CancelFunc
}

// inBubble runs a test on a clock of its own with a running publisher.
func inBubble(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, s := newMemory(), &senders{room: 1 << 20}
		r := &rig{Publisher: publish.New(m, s, publish.Options{}), store: m, senders: s}
		var ctx context.Context
		ctx, r.stop = context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { _ = r.Run(ctx) })
		running.Go(func() { _ = r.RunFanOut(ctx) })
		defer func() {
			r.stop()
			running.Wait()
			if s.open != 0 {
				t.Errorf("%d reservations were never ended", s.open)
			}
		}()
		test(t, r)
	})
}

func key(project webhook.ProjectID, scopes ...account.Scope) account.Caller {
	if scopes == nil {
		scopes = []account.Scope{account.ScopePublish}
	}
	return account.ForKey(account.Key{ID: webhook.KeyID{UUID: webhook.UUID{5}}, Name: "a key", ProjectID: project, Scopes: scopes}, "")
}

func price(idempotency string) publish.Draft {
	return publish.Draft{Topic: "product.price_changed", Data: []byte(`{"productId": "p1", "price": 10.50}`), Key: idempotency}
}
