// A receiver that uses the Standard Webhooks library for JavaScript.
import { createRequire } from "node:module";
import express from "./express.mjs";

const { Webhook } = createRequire(import.meta.url)("./node_modules/standardwebhooks");
const webhook = new Webhook(process.env.WEBHOOK_SECRET);

const app = express();
app.post("/hook", express.text(), (req, res) => {
  try {
    webhook.verify(req.body, req.headers);
  } catch (error) {
    return res.status(401).json({ error: String(error) });
  }
  res.status(200).json({ ok: true });
});
app.listen();
