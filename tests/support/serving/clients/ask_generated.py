"""Ask a server with the client that openapi-python-client has made of its /docs.json; print JSON.

Arguments: the folder that holds the package `generated`, the server's address, and JSON with the
texts. Printed are the likeliest emotion per text by each of the formats, and, of a request that
is refused, the type of the problem.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(sys.argv[1])))

from generated import AuthenticatedClient  # type: ignore[import-not-found]
from generated.api.default import classify, infer, predict, text_classification
from generated.models import (
    ClassifyRequest,
    ClassifyRequestLongTexts,
    InferRequest,
    InputTensor,
    PipelineParameters,
    PipelineRequest,
    PredictRequest,
    WantedOutput,
    WantedOutputName,
)


def main() -> None:
    """Print the answers as one JSON object."""
    url, texts = sys.argv[2], json.loads(sys.argv[3])
    client = AuthenticatedClient(base_url=url, token="0123456789abcdef")
    window = ClassifyRequest(texts, ClassifyRequestLongTexts.WINDOW)
    tensor = InputTensor(name="text", datatype="BYTES", shape=[len(texts)], data=texts)
    label = [WantedOutput(WantedOutputName.LABEL)]
    top = PipelineRequest(inputs=texts, parameters=PipelineParameters(top_k=1))
    rankings = predict.sync(client=client, body=PredictRequest([[text] for text in texts]))
    inferred = infer.sync(client=client, body=InferRequest([tensor], outputs=label))
    whole = infer.sync(client=client, body=InferRequest([tensor], outputs=None))
    answers = {
        "classify": classify.sync(client=client, body=ClassifyRequest(texts)),
        "window": classify.sync(client=client, body=window),
    }
    labels = {name: [one.label for one in answer] for name, answer in answers.items()}
    labels["predict"] = [ranking[0].label for ranking in rankings]
    labels["pipeline"] = [
        ranking[0].label for ranking in text_classification.sync(client=client, body=top)
    ]
    labels["infer"] = inferred.outputs[0].data
    labels["infer all"] = whole.outputs[0].data
    labels["refused"] = [classify.sync(client=client, body=ClassifyRequest([])).type_]
    sys.stdout.write(json.dumps(labels))


main()
