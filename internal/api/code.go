package api

import (
	"context"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/snippet"
)

// Code verifies an endpoint's requests.
type Code struct {
	Language string `json:"language"`
	FileName string `json:"fileName"`
	Run      string `json:"run" doc:"Starts it, once the secret is put in"`
	Code     string `json:"code" doc:"Reads the signing secret from the environment variable WEBHOOK_SECRET"`
}

type codeInput struct {
	ByID
	Language string `query:"language" default:"python" enum:"python,node,go,php,ruby,curl" doc:"curl is a script that signs a sample and posts it to your receiver"`
}

func (a *API) endpointCode(ctx context.Context, caller account.Caller, in *codeInput) (*answer[Code], error) {
	id, err := endpointID(&in.ByID)
	if err != nil {
		return nil, err
	}
	s, err := a.manage.Code(ctx, caller, id, snippet.Language(in.Language))
	return answering(Code{string(s.Language), s.File, s.Run, s.Text}, err)
}
