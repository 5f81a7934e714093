package snippet

// Language is one that code is written in.
type Language string

// The languages in the order to show them. Curl is the other side: a shell
// script that signs a sample and posts it to a receiver.
const (
	Python Language = "python"
	Node   Language = "node"
	Go     Language = "go"
	PHP    Language = "php"
	Ruby   Language = "ruby"
	Curl   Language = "curl"
)

// Tip is a line of code with the place that it is for.
type Tip struct {
	Place string
	Code  string
}

// Info is what does not depend on an endpoint.
type Info struct {
	Language Language
	Label    string
	// File is the name to save the code under.
	File string
	// Run starts it, once the secret is put in.
	Run string
	// Frameworks say how verify is called where a framework takes requests.
	Frameworks []Tip
	// Library verifies webhook-signature in place of the code.
	Library Tip
}

var languages = []Info{
	{
		Language: Python, Label: "Python", File: "receiver.py", Run: "WEBHOOK_SECRET='…' python3 receiver.py",
		Frameworks: []Tip{
			{"Flask", "verify(request.headers, request.get_data())"},
			{"Django", "verify(request.headers, request.body)"},
			{"FastAPI", "verify(request.headers, await request.body())"},
		},
		Library: Tip{"pip install standardwebhooks", "Webhook(secret).verify(body, headers)"},
	},
	{
		Language: Node, Label: "Node", File: "receiver.mjs", Run: "WEBHOOK_SECRET='…' node receiver.mjs",
		Frameworks: []Tip{
			{"Express", `app.post("/", express.raw({ type: "*/*", limit: "1mb" }), (req, res) => verify(req.headers, req.body))`},
			{"Next.js", "verify(Object.fromEntries(request.headers), Buffer.from(await request.arrayBuffer()))"},
		},
		Library: Tip{"npm install standardwebhooks", "new Webhook(secret).verify(body, headers)"},
	},
	{
		Language: Go, Label: "Go", File: "receiver.go", Run: "WEBHOOK_SECRET='…' go run receiver.go",
		Frameworks: []Tip{
			{"Gin", "body, err := c.GetRawData(); verify(c.Request.Header, body)"},
			{"Echo", "body, err := io.ReadAll(c.Request().Body); verify(c.Request().Header, body)"},
		},
		Library: Tip{"go get github.com/standard-webhooks/standard-webhooks/libraries", "wh, err := standardwebhooks.NewWebhook(secret); err = wh.Verify(body, headers)"},
	},
	{
		Language: PHP, Label: "PHP", File: "receiver.php", Run: "WEBHOOK_SECRET='…' php -S localhost:8000 receiver.php",
		Frameworks: []Tip{
			{"Laravel", "verify(array_change_key_case(getallheaders()), $request->getContent(), $secrets)"},
			{"Symfony", "verify(array_change_key_case(getallheaders()), $request->getContent(), $secrets)"},
		},
		Library: Tip{"composer require standard-webhooks/standard-webhooks", "(new \\StandardWebhooks\\Webhook($secret))->verify($body, $headers)"},
	},
	{
		Language: Ruby, Label: "Ruby", File: "receiver.rb", Run: "WEBHOOK_SECRET='…' ruby receiver.rb",
		Frameworks: []Tip{
			{"Rails", "verify(request.headers, request.raw_post)"},
			{"Sinatra", `verify(request.env.select { |k, _| k.start_with?("HTTP_") }.transform_keys { |k| k[5..].downcase.tr("_", "-") }, request.body.read)`},
		},
		Library: Tip{"gem install standardwebhooks", "StandardWebhooks::Webhook.new(secret).verify(body, headers)"},
	},
	{
		Language: Curl, Label: "cURL", File: "send-sample.sh", Run: "WEBHOOK_SECRET='…' sh send-sample.sh http://localhost:8000/",
	},
}

// Languages are all there are.
func Languages() []Info { return languages }

// find is one language; false if there is none of the name.
func find(l Language) (Info, bool) {
	for _, info := range languages {
		if info.Language == l {
			return info, true
		}
	}
	return Info{}, false
}
