"""The marketing platform's receiver, registered with event_type and
callback_url: hex HMAC of the raw body in X-Webhook-Signature."""
import hmac
import hashlib
import os

from flask import Flask, request, abort

app = Flask(__name__)
WEBHOOK_SECRET = os.environ["WEBHOOK_SECRET"]


@app.route('/webhooks/customer-signup', methods=['POST'])
def handle_customer_signup():
    signature = request.headers.get('X-Webhook-Signature')
    if not signature:
        abort(400, description="Signature header missing")
    payload = request.data
    expected_signature = hmac.new(
        WEBHOOK_SECRET.encode('utf-8'),
        msg=payload,
        digestmod=hashlib.sha256
    ).hexdigest()
    if not hmac.compare_digest(expected_signature, signature):
        abort(403, description="Invalid signature")
    event_data = request.json
    if not event_data["id"]:
        abort(422, description="No id to deduplicate by")
    return "Webhook received and processed", 200


app.run()
