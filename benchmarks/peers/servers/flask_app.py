"""The app that gunicorn serves for `flask_gunicorn`."""

from flask import Flask, Response, jsonify, request

from benchmarks.peers.servers.plain import PlainModel

app = Flask(__name__)
# Its eight threads run concurrently, so one thread per run is enough to keep the cores busy.
model = PlainModel(threads=1)


@app.post("/classify")
def classify() -> Response:
    return jsonify(model.items(request.get_json()["texts"]))
