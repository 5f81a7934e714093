// The prompt product's receiver in JavaScript.
import crypto from "node:crypto";
import express from "./express.mjs";

export function verifyABVSignature(rawBody, signatureHeader, secret) {
  const [tsPair, sigPair] = signatureHeader.split(",");
  if (!tsPair || !sigPair) return false;
  const timestamp = tsPair.split("=")[1];
  const receivedSig = sigPair.split("=")[1];
  const expectedSig = crypto
    .createHmac("sha256", secret)
    .update(`${timestamp}.${rawBody}`, "utf8")
    .digest("hex");
  try {
    return crypto.timingSafeEqual(
      Buffer.from(receivedSig, "hex"),
      Buffer.from(expectedSig, "hex")
    );
  } catch {
    return false;
  }
}

const app = express();
app.post("/api/webhooks/abv-prompts", express.text({ type: "application/json" }), (req, res) => {
  const signature = req.headers["x-abv-signature"];
  if (!verifyABVSignature(req.body, signature, process.env.WEBHOOK_SECRET)) {
    return res.status(401).json({ error: "Invalid signature" });
  }
  const payload = JSON.parse(req.body);
  res.json({ status: "received", event_id: payload.id });
});
app.listen();
