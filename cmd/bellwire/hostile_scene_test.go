package main_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// evil is what somebody would type who wants to run a script in another's
// browser. Whatever comes to life has the attribute data-evil, is an x-evil or
// sets window.__xss.
var evil = []string{
	`"><script data-evil>window.__xss=1</script>`,
	`'><img data-evil src=x onerror=window.__xss=1>`,
	`<svg data-evil onload=alert(window.__xss=1)>`,
	`javascript:window.__xss=1//`,
	`" autofocus data-evil onfocus="window.__xss=1`,
	`' autofocus data-evil onfocus='window.__xss=1`,
	"` data-evil onfocus=`window.__xss=1",
	`{{constructor.constructor("window.__xss=1")()}}${window.__xss=1}<%= 1 %>`,
	`</script></title></textarea></style></option><x-evil>`,
	`--><x-evil>]]><x-evil><!--`,
	`<a data-evil href="javascript:window.__xss=1">x</a>`,
	`<base data-evil href=//evil.example/><iframe data-evil srcdoc="<script>parent.__xss=1</script>">`,
	`<meta data-evil http-equiv=refresh content="0;url=http://evil.example/">`,
	`x;background:url(http://evil.example/css)}</style><style data-evil>@import "//evil.example/x"</style>`,
	`\u003cx-evil\u003e&lt;x-evil&gt;%3Cx-evil%3E` + "＜x-evil＞\u202e\u2028\ufeff<x-evil>",
}

// volleys are all of them in as few texts of at most so many bytes as hold them.
func volleys(most int) (packed []string) {
	last := ""
	for _, one := range evil {
		if len(last)+len(one) > most {
			packed, last = append(packed, last), ""
		}
		last += one
	}
	return append(packed, last)
}

// names fill what takes 200 characters.
var names = volleys(190)

// evilEmail is as bad as an address can be.
const evilEmail = "'data-evil='{{window.__xss=1}}${window.__xss=1}`@example.com"

// hostileReceiver answers what no server of ours writes: markup in the status
// line, in names and values of headers and in the body.
func hostileReceiver(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(10 * time.Second))
				if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					io.Copy(io.Discard, request.Body)
					io.WriteString(conn, answer)
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// hostileAnswers are an error page, a redirect, one that is no HTTP and
// something that says it is fine.
func hostileAnswers() []string {
	all := strings.Join(evil, "")
	body := "<html><title>" + all + "</title>" + all + "</html>"
	page := fmt.Sprintf("Content-Type: text/html;%s\r\nX-Evil: %[1]s\r\nX-'Evil'&: %[1]s\r\nServer: %[1]s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", names[0], len(body), body)
	return []string{
		"HTTP/1.1 500 " + names[0] + "\r\n" + page,
		"HTTP/1.1 302 " + names[1] + "\r\nLocation: javascript:window.__xss=1//" + names[2] + "\r\n" + page,
		"HTTP/1.1 <x-evil> " + names[0] + "\r\n" + names[1] + "\r\n\r\n",
		"HTTP/1.1 200 " + names[0] + "\r\n" + page,
	}
}

// hostileScene is a project where every field holds as much of evil as it takes.
type hostileScene struct {
	*stage
	// ids are the things of the project by the parameter of a route.
	ids map[string][]string
	// refused are the fields that took nothing of it.
	refused map[string]bool
}

// fill sends a body with hostile members; those that are refused, which the
// scene remembers, are left out, and the rest is sent again.
func (s *hostileScene) fill(method, path, name string, plain, hostile map[string]any) object {
	s.t.Helper()
	for {
		body := map[string]any{}
		for _, from := range []map[string]any{plain, hostile} {
			for member, value := range from {
				body[member] = value
			}
		}
		status, answer := s.call(s.instance, method, path, body)
		if status < 300 {
			return answer
		}
		dropped := 0
		for _, fault := range answer.list("errors") {
			at := strings.TrimPrefix(fault.text("location"), "body.")
			member := strings.FieldsFunc(at+" ", func(c rune) bool { return strings.ContainsRune(".[ ", c) })[0]
			if _, ours := hostile[member]; ours {
				delete(hostile, member)
				s.refused[name+" "+member] = true
				dropped++
			}
		}
		if dropped == 0 {
			s.t.Fatalf("%s %s: %d %v", method, path, status, answer)
		}
	}
}

func (s *hostileScene) keep(parameter, id string) string {
	if id == "" {
		s.t.Fatalf("there is no id for %s", parameter)
	}
	s.ids[parameter] = append(s.ids[parameter], id)
	return id
}

func newHostileScene(t *testing.T, n *node) *hostileScene {
	t.Helper()
	s := &hostileScene{stage: n.stage(t), ids: map[string][]string{":language": {"go", "python"}}, refused: map[string]bool{}}
	s.ids[":project"] = []string{s.project}
	at := "/projects/" + s.project
	s.fill("PATCH", at, "project", nil, map[string]any{"name": names[0], "externalId": names[1]})
	for _, name := range names[1:] {
		s.fill("POST", "/projects", "project", map[string]any{"name": "x"}, map[string]any{"name": name})
	}
	for i, name := range names {
		s.fill("POST", at+"/members", "member", map[string]any{"email": fmt.Sprint("m", i, "@example.com"), "role": "viewer"}, map[string]any{"name": name})
		s.fill("POST", "/keys", "key", map[string]any{"projectId": s.project, "scopes": []string{"read"}}, map[string]any{"name": name})
	}
	s.fill("POST", at+"/invitations", "invitation", map[string]any{"email": "i@example.com", "role": "viewer"}, map[string]any{"email": evilEmail})
	s.fill("POST", at+"/members", "member", map[string]any{"email": "m@example.com", "role": "viewer"}, map[string]any{"email": "m" + evilEmail})
	s.topics()
	s.endpoints()
	s.prompts()
	s.publishAll()
	s.change()
	return s
}

func (s *hostileScene) topics() {
	for i, description := range volleys(1900) {
		name := fmt.Sprintf("evil.t%d", i)
		s.fill("POST", "/topics", "topic", map[string]any{"name": name, "searchKeys": []string{"productId"}}, map[string]any{
			"group": names[0], "description": description, "searchKeys": []string{names[1]},
			"schema":  map[string]any{"type": "object", "title": names[0], "description": description, "properties": map[string]any{names[1]: map[string]any{"type": "string", "description": names[2]}}},
			"example": map[string]any{"productId": names[3], names[1]: names[2]},
		})
		s.keep(":topic", name)
	}
	s.fill("POST", "/topics", "topic's", map[string]any{"name": "evil.named"}, map[string]any{"name": "x" + evil[0]})
	s.keep(":topic", "product.viewed")
}

// endpoints makes one for each answer.
func (s *hostileScene) endpoints() {
	for i, answer := range hostileAnswers() {
		name := names[i%len(names)]
		base := hostileReceiver(s.t, answer)
		hostile := map[string]any{
			"name": name, "url": base + "/" + strings.NewReplacer(" ", "", `\`, "", "\u2028", "", "%", "", "#", "").Replace(names[i]) + "?q=" + url.QueryEscape(name),
			"topics": []string{"*", name}, "headers": []any{map[string]any{"name": "X-Evil-'`", "value": name}, map[string]any{"name": "X-Secret", "value": name, "secret": true}},
		}
		if i == 3 {
			hostile["format"], hostile["custom"] = "custom", map[string]any{"header": "X-'Evil'`", "signed": "body", "encoding": "hex", "value": `"'<x-evil>{signature}`, "body": "plain"}
		}
		if i == 1 {
			hostile["template"] = `{"text": "` + strings.NewReplacer(`"`, `\"`, `\`, `\\`, "{", "(", "}", ")").Replace(name) + `{{topic}}"}`
		}
		made := s.fill("POST", "/endpoints", "endpoint", map[string]any{
			"projectId": s.project, "url": base, "topics": []string{"*"}, "retry": map[string]any{"policy": "custom", "delaysSeconds": []int{1}},
		}, hostile)
		s.keep(":endpoint", made.text("id"))
	}
	s.fill("POST", "/listen", "listener", map[string]any{"projectId": s.project, "name": "x", "url": "http://localhost:3000", "topics": []string{"chat.*"}},
		map[string]any{"name": names[0], "url": "http://localhost:3000/" + url.PathEscape(names[1])})
}

func (s *hostileScene) prompts() {
	content := strings.Join(evil, "")
	for i, name := range names {
		// Names hold no tags, so those here are left open.
		name = strings.NewReplacer(">", "", "|", "", "/", ".", "\u2028", "").Replace(name)
		for _, prompt := range []any{content, content + content} {
			body, err := json.Marshal(map[string]any{"name": name, "type": "text", "prompt": prompt, "tags": []string{names[i][:60]}, "config": map[string]any{names[i]: content}, "commitMessage": names[i], "labels": []string{"production"}})
			if err != nil {
				s.t.Fatal(err)
			}
			s.prompt(s.t, s.key, string(body))
		}
		s.keep(":prompt", name)
	}
}

// publishAll sends what all endpoints get and waits for what their receivers
// answer.
func (s *hostileScene) publishAll() {
	for i, name := range names {
		s.product(name, 1)
		s.product(name, 2)
		s.keep(":product", name)
		made := s.fill("POST", "/events", "event", map[string]any{"projectId": s.project, "topic": "evil.t0", "data": map[string]any{"productId": "p"}}, map[string]any{
			"data": map[string]any{"productId": name, names[1]: name, "deep": []any{map[string]any{name: name}}}, "idempotencyKey": name,
		})
		if event := s.keep(":event", made.text("id")); i == 0 {
			s.settled(event)
		}
	}
}

func (s *hostileScene) product(name string, n int) {
	s.must(http.StatusOK, s.key, "POST", "/products/batch", map[string]any{"products": []any{map[string]any{
		"productId": name, "name": fmt.Sprint(name, n), "price": n, "currency": `"><x-evil '`, names[0]: fmt.Sprint(name, n),
	}}})
}

// settled waits until every endpoint's receiver has said its last to an event.
func (s *hostileScene) settled(event string) {
	var rows []object
	eventually(s.t, 60*time.Second, "every delivery has ended", func() bool {
		rows = s.get("/deliveries?eventId=" + event).list("data")
		return len(rows) == len(s.ids[":endpoint"]) && !slices.ContainsFunc(rows, func(d object) bool { return d.text("state") != "delivered" && d.text("state") != "exhausted" })
	})
	for _, row := range rows {
		s.keep(":delivery", row.text("id"))
	}
}

// change makes every kind of entry in the history of the endpoints.
func (s *hostileScene) change() {
	for i, id := range s.ids[":endpoint"] {
		name := names[i]
		rows := []any{map[string]any{"path": name, "operator": "equals", "value": name}, map[string]any{"path": "a.b", "operator": "oneOf", "value": name}}
		s.fill("PATCH", "/endpoints/"+id, "endpoint", nil, map[string]any{
			"name": name + "!", "promptFilter": map[string]any{"names": []string{name}, "tags": []string{name}}, "payloadFilter": rows,
		})
	}
	encoded, _ := json.Marshal(names[0])
	s.fill("PATCH", "/endpoints/"+s.ids[":endpoint"][0], "endpoint's", nil, map[string]any{"payloadFilter": map[string]any{"expression": "data.x == " + string(encoded)}})
	s.do(http.StatusOK, "/endpoints/"+s.ids[":endpoint"][1]+"/pause", nil)
}
