"""The agent API's order receiver: a Shopify header that is compared as hex."""
import hmac
import hashlib
import os

from flask import Flask, request, jsonify

app = Flask(__name__)
WEBHOOK_SECRET = os.environ.get('WEBHOOK_SECRET', 'super_secret_key')


@app.route('/webhook/new_order', methods=['POST'])
def new_order_webhook():
    signature = request.headers.get('X-Shopify-Hmac-Sha256')
    if not signature:
        return jsonify({"message": "Unauthorized - Missing Signature"}), 401
    data = request.get_data()
    calculated_signature = hmac.new(
        WEBHOOK_SECRET.encode('utf-8'),
        data,
        hashlib.sha256
    ).hexdigest()
    if not hmac.compare_digest(calculated_signature, signature):
        return jsonify({"message": "Unauthorized - Invalid Signature"}), 401
    payload = request.get_json()
    payload.get('id')
    payload.get('customer', {}).get('email')
    return jsonify({"message": "Order received and processed"}), 200


app.run()
