"""The commerce agent's receiver: hex HMAC of the raw body in X-Abba-Signature."""
import hmac
import hashlib
import os

from flask import Flask, request, abort

app = Flask(__name__)
WEBHOOK_SECRET = os.getenv("ABA_WEBHOOK_SECRET").encode('utf-8')


@app.route('/my-webhook-receiver', methods=['POST'])
def handle_webhook():
    received_signature = request.headers.get('X-Abba-Signature')
    if not received_signature:
        abort(400, 'Signature header is missing.')
    request_body = request.get_data()
    expected_signature = hmac.new(
        key=WEBHOOK_SECRET,
        msg=request_body,
        digestmod=hashlib.sha256
    ).hexdigest()
    if not hmac.compare_digest(received_signature, expected_signature):
        abort(403, 'Invalid signature.')
    event_payload = request.get_json()
    if not event_payload['eventType']:
        abort(422, 'No eventType.')
    return {'status': 'success'}, 200


app.run()
