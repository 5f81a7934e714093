package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/bellwire/bellwire/internal/app"
	"github.com/bellwire/bellwire/internal/config"
)

// database is what commands beside a server need to know.
type database struct {
	DatabaseURL string `help:"sqlite://PATH or postgres://…" env:"BELLWIRE_DATABASE_URL" default:"sqlite://./bellwire.db"`
	MasterKey   string `help:"As for serve." env:"BELLWIRE_MASTER_KEY"`
}

// open migrates if it must, so whichever command comes first works.
func (d database) open(ctx context.Context) (*app.Desk, error) {
	c, err := parse(config.Flags{
		Addr: "127.0.0.1:8080", DatabaseURL: d.DatabaseURL, MasterKey: d.MasterKey,
		LogLevel: "warn",
	})
	if err != nil {
		return nil, err
	}
	return app.OpenDesk(ctx, c)
}

type migrateCommand struct {
	database `embed:""`
}

func (m *migrateCommand) Run(ctx context.Context) error {
	desk, err := m.open(ctx)
	if err != nil {
		return err
	}
	fmt.Println("the database is up to date")
	return desk.Close()
}

// output prints an id alone, or as JSON.
type output struct {
	JSON bool `help:"Print JSON."`
}

func (o output) print(id string, fields map[string]any) error {
	if !o.JSON {
		fmt.Println(id)
		return nil
	}
	return json.NewEncoder(os.Stdout).Encode(fields)
}

type userCreateCommand struct {
	database      `embed:""`
	output        `embed:""`
	Email         string `required:"" help:"The person's email address."`
	Role          string `default:"member" enum:"admin,support,member" help:"Role on the instance: ${enum}."`
	PasswordStdin bool   `help:"Read the password from the first line of standard input; needed for admin and support; a member without one signs in by a link."`
}

func (u *userCreateCommand) Run(ctx context.Context) error {
	password := ""
	if u.PasswordStdin {
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if password = strings.TrimRight(line, "\r\n"); password == "" {
			return errors.Join(errors.New("no password on standard input"), err)
		}
	}
	desk, err := u.open(ctx)
	if err != nil {
		return err
	}
	defer desk.Close()
	id, err := desk.CreateUser(ctx, u.Email, u.Role, password)
	if err != nil {
		return err
	}
	return u.print(id, map[string]any{"id": id, "email": u.Email, "role": u.Role})
}

type resetSecondFactorCommand struct {
	database `embed:""`
	output   `embed:""`
	Email    string `required:"" help:"The person's email address."`
}

// Run signs the person out everywhere as well.
func (r *resetSecondFactorCommand) Run(ctx context.Context) error {
	desk, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer desk.Close()
	id, err := desk.ResetSecondFactor(ctx, r.Email)
	if err != nil {
		return err
	}
	return r.print(id, map[string]any{"id": id, "email": r.Email})
}

type projectCreateCommand struct {
	database   `embed:""`
	output     `embed:""`
	Name       string `required:"" help:"The project's name."`
	ExternalID string `help:"Your platform's own id for the tenant."`
	Owner      string `help:"Email address of a user who becomes the owner; without it nobody belongs to the project yet." placeholder:"EMAIL"`
}

func (p *projectCreateCommand) Run(ctx context.Context) error {
	desk, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer desk.Close()
	id, err := desk.CreateProject(ctx, p.Name, p.ExternalID, p.Owner)
	if err != nil {
		return err
	}
	return p.print(id, map[string]any{"id": id, "name": p.Name, "externalId": p.ExternalID})
}

type memberAddCommand struct {
	database `embed:""`
	output   `embed:""`
	Project  string `required:"" help:"The project's id, or ext:ID for an external id."`
	Email    string `required:"" help:"The person's email address."`
	Role     string `default:"developer" enum:"owner,developer,viewer" help:"Role in the project: ${enum}."`
}

func (m *memberAddCommand) Run(ctx context.Context) error {
	desk, err := m.open(ctx)
	if err != nil {
		return err
	}
	defer desk.Close()
	id, err := desk.AddMember(ctx, m.Project, m.Email, m.Role)
	if err != nil {
		return err
	}
	return m.print(id, map[string]any{"userId": id, "email": m.Email, "role": m.Role})
}

type keyCreateCommand struct {
	database `embed:""`
	Project  string   `xor:"owner" help:"The project's id, or ext:ID for an external id. Either this or --instance."`
	Instance bool     `xor:"owner" help:"A key for the whole instance: the platform's own."`
	Scopes   []string `required:"" help:"publish, manage, read, secrets; joined by commas."`
	Name     string   `default:"made on the command line" help:"A name to tell it from others."`
	JSON     bool     `help:"Print it on one line."`
}

func (k *keyCreateCommand) Run(ctx context.Context) error {
	if k.Project == "" && !k.Instance {
		return errors.New("say whose key it is: --project ID or --instance")
	}
	desk, err := k.open(ctx)
	if err != nil {
		return err
	}
	defer desk.Close()
	id, secret, err := desk.CreateKey(ctx, k.Project, k.Name, k.Scopes)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	if !k.JSON {
		encoder.SetIndent("", "  ")
	}
	return encoder.Encode(map[string]string{"id": id, "secret": secret})
}
