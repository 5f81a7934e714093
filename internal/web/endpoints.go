package web

// endpointPages are the list, the form, and one endpoint with what can be done
// to it.
func (w *Web) endpointPages() []line {
	const one = "/p/:project/endpoints/:endpoint"
	return []line{
		{get, "/p/:project/endpoints", member, w.listEndpoints},
		{get, "/p/:project/endpoints/new", member, w.newEndpoint},
		{post, "/p/:project/endpoints/new", member, w.createEndpoint},
		{post, "/p/:project/endpoints/preview", member, w.previewEndpoint},
		{get, one, member, w.showEndpoint},
		{get, one + "/edit", member, w.editEndpoint},
		{post, one + "/edit", member, w.updateEndpoint},
		{post, one + "/pause", member, w.pauseEndpoint},
		{post, one + "/resume", member, w.resumeEndpoint},
		{post, one + "/delete", member, w.deleteEndpoint},
		{post, one + "/test", member, w.testEndpoint},
		{get, one + "/code/:language", member, w.downloadCode},
		{post, one + "/secret/reveal", member, w.revealSecret},
		{post, one + "/secret/rotate", member, w.rotateSecret},
		{post, one + "/secret/switch", member, w.switchSecret},
		{post, one + "/secret/undo", member, w.undoRotation},
		{post, one + "/secret/compromised", member, w.replaceCompromised},
	}
}
