package bench

import (
	"net/url"
	"time"
)

// calls are the API's reads.
func (w world) calls(s sample) []visit {
	var list []visit
	add := func(who person, route, name, path string) {
		list = append(list, visit{route: "/api/v1" + route, name: name, who: who, path: "/api/v1" + path})
	}
	for who, query := range map[person]string{program: "", platform: "?projectId=" + w.Busy.ID} {
		list = append(list, visit{route: "/api/public/v2/prompts", name: "of the busy project", who: who, path: "/api/public/v2/prompts" + query})
	}
	for who, name := range map[person]string{program: "a project's key", platform: "the platform's key"} {
		add(who, "/deliveries", name, "/deliveries")
		add(who, "/deliveries", name+", 200 rows", "/deliveries?limit=200")
		for _, state := range states {
			add(who, "/deliveries", name+", "+state, "/deliveries?state="+state)
		}
		add(who, "/deliveries", name+", rare topic", "/deliveries?topic=commission.earned")
		add(who, "/deliveries", name+", rare status", "/deliveries?status=418")
		add(who, "/deliveries", name+", heavy endpoint", "/deliveries?endpointId="+w.Busy.Heavy)
		add(who, "/events", name, "/events")
		add(who, "/events", name+", rare topic", "/events?topic=commission.earned")
		add(who, "/events", name+", by value", "/events?q=prod_1")
		add(who, "/endpoints", name+", 200 rows", "/endpoints?limit=200")
		add(who, "/endpoints", name+", by words", "/endpoints?q=orders-0003")
		add(who, "/webhooks", name, "/webhooks")
		add(who, "/projects", name, "/projects")
		add(who, "/topics", name, "/topics")
		add(who, "/topics/{name}", name, "/topics/product.viewed")
		add(who, "/products", name, "/products?projectId="+w.Busy.ID)
		add(who, "/keys", name, "/keys")
		add(who, "/slack", name, "/slack?projectId="+w.Busy.ID)
		add(who, "/stats", name, "/stats")
		add(who, "/stats", name+", 30 days", "/stats?step=12h&since="+url.QueryEscape(time.Now().Add(-history).UTC().Format(time.RFC3339)))
		add(who, "/audit", name, "/audit")
		add(who, "/audit", name+", rare action", "/audit?action=project")
		add(who, "/audit", name+", of an endpoint", "/audit?endpointId="+w.Busy.Heavy)
		add(who, "/meta", name, "/meta")
		add(who, "/projects/{id}", name, "/projects/"+w.Busy.ID)
		add(who, "/endpoints/{id}", name, "/endpoints/"+w.Busy.Heavy)
		add(who, "/endpoints/{id}/code", name, "/endpoints/"+w.Busy.Heavy+"/code")
		add(who, "/deliveries/{id}", name, "/deliveries/"+s.deliveries["delivered"])
	}
	add(program, "/deliveries", "tenth page", "/deliveries?cursor="+s.tenth["deliveries"])
	add(program, "/events", "tenth page", "/events?cursor="+s.tenth["events"])
	add(program, "/audit", "tenth page", "/audit?cursor="+s.tenth["audit"])
	add(platform, "/projects/{id}/members", "the platform's key", "/projects/"+w.Busy.ID+"/members")
	add(platform, "/projects/{id}/invitations", "the platform's key", "/projects/"+w.Busy.ID+"/invitations")
	add(platform, "/system", "the platform's key", "/system")
	add(platform, "/events/{id}", "the widest", "/events/"+w.Filled.Widest.String())
	add(platform, "/stats", "an endpoint", "/stats?endpointId="+w.Busy.Heavy)
	return list
}
