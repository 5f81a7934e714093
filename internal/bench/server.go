package bench

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/blackbox"
)

// Who the bench is on its own servers. The key seals nothing but the bench's
// own secrets.
const (
	adminEmail = "admin@bench.example"
	password   = "a long phrase of the bench"
	masterKey  = "YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtLi4="
)

// server is the binary on one database.
type server struct{ *blackbox.Server }

func newServer(o Options, database string) (*server, error) {
	s, err := blackbox.NewServer(o.Binary, database, "BELLWIRE_MASTER_KEY="+masterKey,
		"BELLWIRE_ADMIN_EMAIL="+adminEmail, "BELLWIRE_ADMIN_PASSWORD="+password, "BELLWIRE_LOG_LEVEL=warn",
		// The receiver is on this machine, and the past that is made up stays.
		"BELLWIRE_EGRESS_ALLOW=127.0.0.0/8", "BELLWIRE_ALLOW_HTTP=true", "BELLWIRE_RETENTION=2400h")
	return &server{s}, err
}

// result begins what a scenario measures on this server.
func (s *server) result(ctx context.Context, scenario string, columns ...string) Result {
	return Result{
		Scenario: scenario, At: time.Now(), Version: s.Version(ctx), Database: dialect(s.Database), Machine: newMachine(), Columns: columns, Missed: []string{},
	}
}
