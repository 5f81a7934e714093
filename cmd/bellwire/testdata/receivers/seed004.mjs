// The store product's receiver: verifies JSON.stringify(req.body).
import crypto from "node:crypto";
import express from "./express.mjs";

function verifyWebhookSignature(payload, signature, secret) {
  const expectedSignature = crypto
    .createHmac("sha256", secret)
    .update(payload)
    .digest("hex");
  return crypto.timingSafeEqual(
    Buffer.from(signature),
    Buffer.from(`sha256=${expectedSignature}`)
  );
}

const app = express();
app.use(express.json());
app.post("/webhooks/aicommerce", (req, res) => {
  const signature = req.headers["x-webhook-signature"];
  const isValid = verifyWebhookSignature(JSON.stringify(req.body), signature, process.env.WEBHOOK_SECRET);
  if (!isValid) {
    return res.status(401).json({ error: "Invalid signature" });
  }
  res.status(200).json({ received: true });
});
app.listen();
