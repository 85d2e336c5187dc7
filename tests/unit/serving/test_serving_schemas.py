import json
from typing import Any

import pytest

from serving.schemas import Classification


def test_a_classification_survives_the_wire() -> None:
    item = Classification("joy", {"joy": 0.75, "fear": 0.25}, 0.5, 7, True)

    assert Classification.from_wire(json.loads(json.dumps(item.to_wire()))) == item


@pytest.mark.parametrize("item", [None, 1, "joy", {}, {"label": "joy", "scores": 1}])
def test_what_is_no_classification_is_not_read_as_one(item: Any) -> None:
    with pytest.raises(ValueError, match="classification"):
        Classification.from_wire(item)
