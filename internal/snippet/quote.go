package snippet

import "strings"

// Developers choose header names (RFC 9110 tokens) and value templates
// (printable ASCII without braces), so both are quoted for each language.

// escape puts a backslash before each character of the set.
func escape(text, set string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(set, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func double(text string) string { return `"` + escape(text, `"\`) + `"` }

func single(text string) string { return `'` + escape(text, `'\`) + `'` }

// shell quotes for a POSIX shell, in which nothing is special between single
// quotes.
func shell(text string) string { return `'` + strings.ReplaceAll(text, `'`, `'\''`) + `'` }

// Names lists the headers that can hold the signature.
func (v view) Names(l Language) string {
	quote := double
	switch l {
	case PHP:
		quote = single
	case Ruby:
		quote = func(name string) string { return `"` + escape(name, `"\#`) + `"` }
	}
	var list []string
	for _, suffix := range []string{"", "-Next", "-Previous"} {
		name := v.scheme.SignatureHeader + suffix
		if l == Node || l == PHP || l == Ruby { // their receivers hold names in lower case
			name = strings.ToLower(name)
		}
		list = append(list, quote(name))
	}
	return strings.Join(list, ", ")
}

// Value is the expression for what the header must be, with the variables
// sent and digest in it.
func (v view) Value(l Language) string {
	template := v.scheme.Value
	switch l {
	case Curl:
		text := escape(v.scheme.SignatureHeader+": "+template, "\"\\$`")
		return `"` + fill(text, "$sent", "$digest") + `"`
	case PHP:
		return joined(template, single, "$sent", "$digest", " . ")
	case Go:
		return joined(template, double, "sent", "digest", " + ")
	}
	if template == "{signature}" {
		return "digest"
	}
	switch l {
	case Python:
		return `f"` + fill(escape(template, `"\`), "{sent}", "{digest}") + `"`
	case Ruby:
		return `"` + fill(escape(template, `"\#`), "#{sent}", "#{digest}") + `"`
	}
	return "`" + fill(escape(template, "`\\$"), "${sent}", "${digest}") + "`"
}

// fill puts the two variables in their places.
func fill(template, sent, digest string) string {
	return strings.NewReplacer("{t}", sent, "{signature}", digest).Replace(template)
}

// joined is the template as a chain of literals and variables.
func joined(template string, quote func(string) string, sent, digest, by string) string {
	var parts []string
	literal := ""
	flush := func() {
		if literal != "" {
			parts = append(parts, quote(literal))
		}
		literal = ""
	}
	for template != "" {
		if rest, ok := strings.CutPrefix(template, "{t}"); ok {
			flush()
			parts, template = append(parts, sent), rest
		} else if rest, ok := strings.CutPrefix(template, "{signature}"); ok {
			flush()
			parts, template = append(parts, digest), rest
		} else {
			literal, template = literal+template[:1], template[1:]
		}
	}
	flush()
	return strings.Join(parts, by)
}
