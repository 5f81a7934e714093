// Just enough of Express's names to run the receivers that the documents
// print, with nothing installed. See flask.py for PORT, FAIL_FIRST and /__seen.
import http from "node:http";

export default function express() {
  const parsers = [];
  const routes = new Map();
  const app = (req, res) => {};
  app.use = (parser) => parsers.push(parser);
  app.post = (path, ...handlers) => routes.set(path, handlers);
  app.listen = () => serve(parsers, routes);
  return app;
}

express.json = () => (req) => { req.body = JSON.parse(req.raw); };
express.text = () => (req) => { req.body = req.raw; };

function serve(parsers, routes) {
  const seen = [];
  const failed = new Set();
  const server = http.createServer((req, res) => {
    const chunks = [];
    req.on("data", (chunk) => chunks.push(chunk));
    req.on("end", () => {
      if (req.method === "GET") {
        res.end(JSON.stringify(seen));
        return;
      }
      req.raw = Buffer.concat(chunks).toString("utf8");
      const said = run(req, parsers, routes);
      const event = req.headers["webhook-id"];
      let answered = said.code;
      if (process.env.FAIL_FIRST === "1" && answered < 300 && !failed.has(event)) {
        failed.add(event);
        answered = 500;
      }
      seen.push({
        event, attempt: req.headers["x-bellwire-attempt"], delivery: req.headers["x-bellwire-delivery-id"],
        timestamp: req.headers["webhook-timestamp"], said: said.code, answered, body: req.raw,
      });
      res.statusCode = answered;
      res.setHeader("Content-Type", "application/json");
      res.end(JSON.stringify(said.value));
    });
  });
  server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
}

function run(req, parsers, routes) {
  const said = { code: 200, value: {} };
  const res = {
    status(code) { said.code = code; return res; },
    json(value) { said.value = value; return res; },
  };
  try {
    for (const parser of parsers) parser(req);
    const handlers = routes.get(req.url);
    for (const handler of handlers) handler(req, res);
  } catch (error) {
    said.code = 500;
    said.value = { error: String(error) };
  }
  return said;
}
