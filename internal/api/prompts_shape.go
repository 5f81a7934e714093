package api

import (
	"encoding/json"

	"github.com/bellwire/bellwire/internal/webhook"
)

// PromptRequest makes a version of a prompt; promptDraft reads it.
type PromptRequest struct {
	Name          string          `json:"name" maxLength:"255" example:"movie-critic" doc:"May hold a folder path: support/billing"`
	Prompt        json.RawMessage `json:"prompt" example:"\"Rate {{movie}} out of 10.\"" doc:"A string, or for type chat an array of {role, content} and {type: placeholder, name}"`
	Type          string          `json:"type,omitempty" enum:"text,chat" doc:"text if left out; all versions of a prompt are of one type"`
	Labels        []string        `json:"labels,omitempty" doc:"Moved to the new version from those that hold them; latest always is"`
	Tags          []string        `json:"tags,omitempty" doc:"Replace the prompt's tags; left out, they stay"`
	Config        json.RawMessage `json:"config,omitempty" doc:"Any JSON; {} if left out"`
	CommitMessage string          `json:"commitMessage,omitempty" maxLength:"500"`
}

// LabelsRequest moves labels to a version.
type LabelsRequest struct {
	NewLabels []string `json:"newLabels" doc:"Added to those that the version has, and taken from the others"`
}

// PromptVersion is a version as prompt clients read it.
type PromptVersion struct {
	ID            string          `json:"id" format:"uuid"`
	CreatedAt     string          `json:"createdAt" format:"date-time"`
	UpdatedAt     string          `json:"updatedAt" format:"date-time"`
	ProjectID     string          `json:"projectId" format:"uuid"`
	CreatedBy     string          `json:"createdBy" doc:"API, or the name of the person"`
	Prompt        json.RawMessage `json:"prompt"`
	Name          string          `json:"name"`
	Version       int             `json:"version"`
	Type          string          `json:"type" enum:"text,chat"`
	IsActive      bool            `json:"isActive" doc:"It holds the label production"`
	Config        json.RawMessage `json:"config"`
	Tags          []string        `json:"tags"`
	Labels        []string        `json:"labels"`
	CommitMessage *string         `json:"commitMessage"`
}

// PromptFound is a version that was asked for.
type PromptFound struct {
	PromptVersion
	ResolutionGraph *struct{} `json:"resolutionGraph" doc:"Always null: prompts hold no references to others"`
}

// PromptPage is one page of a list of prompts.
type PromptPage struct {
	Data []PromptMeta `json:"data"`
	Meta PageMeta     `json:"meta"`
	// Pagination is Meta once more, for older clients.
	Pagination PageMeta `json:"pagination"`
}

// PromptMeta is a prompt in a list.
type PromptMeta struct {
	Name          string          `json:"name"`
	Type          string          `json:"type" enum:"text,chat"`
	Versions      []int           `json:"versions"`
	Labels        []string        `json:"labels"`
	Tags          []string        `json:"tags"`
	LastUpdatedAt string          `json:"lastUpdatedAt" format:"date-time"`
	LastConfig    json.RawMessage `json:"lastConfig"`
}

// PageMeta says which page it is, of how many.
type PageMeta struct {
	Page       int `json:"page"`
	Limit      int `json:"limit"`
	TotalPages int `json:"totalPages"`
	TotalItems int `json:"totalItems"`
}

func versionShape(p webhook.Prompt, v webhook.PromptVersion) PromptVersion {
	shape := PromptVersion{
		ID: v.ID.String(), CreatedAt: stamp(v.CreatedAt), UpdatedAt: stamp(v.UpdatedAt), ProjectID: p.ProjectID.String(), CreatedBy: "API",
		Prompt: v.Content, Name: p.Name, Version: v.Number, Type: string(p.Type), Config: v.Config, Tags: present(p.Tags), Labels: present(v.Labels),
	}
	for _, l := range v.Labels {
		shape.IsActive = shape.IsActive || l == webhook.LabelProduction
	}
	if v.CreatedBy.Type == webhook.ActorUser {
		shape.CreatedBy = v.CreatedBy.Name
	}
	if v.CommitMessage != "" {
		shape.CommitMessage = &v.CommitMessage
	}
	return shape
}
