"""The prompt product's receiver in Python: t=,s= over timestamp.body, with the
tolerance of five minutes that the document adds against replays."""
import hmac
import hashlib
import os
import time

from flask import Flask, request, abort

app = Flask(__name__)
WEBHOOK_SECRET = os.environ["WEBHOOK_SECRET"]


def verify_abv_signature(raw_body: str, signature_header: str, secret: str, tolerance: int = 300) -> bool:
    try:
        ts_pair, sig_pair = signature_header.split(",", 1)
    except ValueError:
        return False
    if "=" not in ts_pair or "=" not in sig_pair:
        return False
    timestamp = ts_pair.split("=", 1)[1]
    received_sig_hex = sig_pair.split("=", 1)[1]
    message = f"{timestamp}.{raw_body}".encode("utf-8")
    expected_sig_hex = hmac.new(
        secret.encode("utf-8"), message, hashlib.sha256
    ).hexdigest()
    try:
        if not hmac.compare_digest(
            bytes.fromhex(received_sig_hex), bytes.fromhex(expected_sig_hex)
        ):
            return False
    except ValueError:
        return False
    return abs(int(time.time()) - int(timestamp)) <= tolerance


@app.route('/api/webhooks/abv-prompts', methods=['POST'])
def handle_webhook():
    raw_body = request.get_data()
    if not verify_abv_signature(raw_body.decode(), request.headers.get('x-abv-signature', ''), WEBHOOK_SECRET):
        abort(401, "Invalid signature")
    payload = request.get_json()
    for member in ("id", "timestamp", "type", "action", "prompt"):
        if member not in payload:
            abort(422, f"no {member}")
    return {"status": "received", "event_id": payload["id"]}, 200


app.run()
