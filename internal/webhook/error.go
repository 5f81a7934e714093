package webhook

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what sort of mistake an Error is. The zero value is internal: not
// the caller's fault and nothing that they are told about.
type Kind int

// The kinds of error that someone outside can act on.
const (
	KindInternal     Kind = iota
	KindInvalid           // the input is wrong; Fields name the places
	KindUnauthorized      // who is calling is not known
	KindForbidden         // known, but may not
	KindNotFound          // missing, or another project's
	KindConflict          // the present state does not allow it
	KindLimited           // too many, try later
	KindTooLarge          // over a size limit
	KindUnavailable       // the database can't be reached; try again
)

// Field is one place of the input that is wrong.
type Field struct {
	// Location is a path such as "body.topics[2]" or "header.Idempotency-Key".
	Location string
	Message  string
}

// Error is a failure told to people outside. Message and Fields are for them,
// Err is for the log only.
type Error struct {
	Kind    Kind
	Message string
	Fields  []Field
	Err     error
}

// Error names each wrong place once: the message of an invalid input tells the
// first already.
func (e *Error) Error() string {
	text := e.Message
	for _, f := range e.Fields {
		if place := f.Location + " " + f.Message; !strings.HasPrefix(e.Message, place) {
			text += "; " + place
		}
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// Invalid names one wrong place of the input.
func Invalid(location, format string, args ...any) *Error {
	message := fmt.Sprintf(format, args...)
	return &Error{Kind: KindInvalid, Message: location + " " + message, Fields: []Field{{location, message}}}
}

// InvalidFields joins several wrong places into one error; nil if there are
// none.
func InvalidFields(fields []Field) error {
	if len(fields) == 0 {
		return nil
	}
	message := fields[0].Location + " " + fields[0].Message
	if len(fields) > 1 {
		message = fmt.Sprintf("%s (and %d more)", message, len(fields)-1)
	}
	return &Error{Kind: KindInvalid, Message: message, Fields: fields}
}

// Unauthorized says that the caller is not known.
func Unauthorized(format string, args ...any) *Error {
	return &Error{Kind: KindUnauthorized, Message: fmt.Sprintf(format, args...)}
}

// Forbidden says that the caller is known but may not do this.
func Forbidden(format string, args ...any) *Error {
	return &Error{Kind: KindForbidden, Message: fmt.Sprintf(format, args...)}
}

// NotFound says that a thing is missing; another project's thing looks the
// same.
func NotFound(format string, args ...any) *Error {
	return &Error{Kind: KindNotFound, Message: fmt.Sprintf(format, args...)}
}

// Conflict says that the present state does not allow the act.
func Conflict(format string, args ...any) *Error {
	return &Error{Kind: KindConflict, Message: fmt.Sprintf(format, args...)}
}

// Limited says that there were too many and that later is better.
func Limited(format string, args ...any) *Error {
	return &Error{Kind: KindLimited, Message: fmt.Sprintf(format, args...)}
}

// TooLarge says that a size limit is exceeded.
func TooLarge(format string, args ...any) *Error {
	return &Error{Kind: KindTooLarge, Message: fmt.Sprintf(format, args...)}
}

// Unavailable says that the database can't be reached at the moment; err is
// for the log.
func Unavailable(err error) *Error {
	return &Error{Kind: KindUnavailable, Message: "the database is not reachable at the moment; nothing was stored, try again", Err: err}
}

// InDoubt says that the database did not answer in time whether it stored
// something; err is for the log.
func InDoubt(err error) *Error {
	return &Error{
		Kind: KindUnavailable, Err: err,
		Message: "the database did not answer in time and may have stored this; try again, an event with the same idempotencyKey so that it is not published twice",
	}
}

// KindOf is the kind of err, internal when it carries none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}
