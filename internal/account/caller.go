package account

import (
	"errors"

	"github.com/bellwire/bellwire/internal/webhook"
)

// ForUser is the caller that a signed-in person is.
func ForUser(user User, projects map[webhook.ProjectID]Role, steppedUp bool, addr string) Caller {
	name := user.Name
	if name == "" {
		name = user.Email
	}
	return Caller{
		Actor:     webhook.Actor{Type: webhook.ActorUser, ID: user.ID.UUID, Name: name},
		User:      &user,
		Projects:  projects,
		SteppedUp: steppedUp,
		Addr:      addr,
	}
}

// ForKey is the caller that a program with an API key is.
func ForKey(key Key, addr string) Caller {
	return Caller{
		Actor: webhook.Actor{Type: webhook.ActorKey, ID: key.ID.UUID, Name: key.Name},
		Key:   &key,
		Addr:  addr,
	}
}

// ForSystem is Bellwire itself, or somebody at the machine's command line.
func ForSystem(name string) Caller {
	return Caller{Actor: webhook.Actor{Type: webhook.ActorSystem, Name: name}, System: true}
}

func asError(err error) (*webhook.Error, bool) {
	var e *webhook.Error
	ok := errors.As(err, &e)
	return e, ok
}
