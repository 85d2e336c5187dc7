"""Reading YAML files strictly, with errors that name the file and the faulty entry."""

from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from export.errors import ExportError


class _StrictLoader(yaml.SafeLoader):
    """Refuses a repeated key, of which PyYAML silently keeps the last value."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if repeated := [key for key, count in Counter(keys).items() if count > 1]:
            line = node.start_mark.line + 1
            raise yaml.YAMLError(f"{repeated[0]!r} is twice in the mapping of line {line}")
        return super().construct_mapping(node, deep)


def read_yaml(path: Path, error: type[ExportError]) -> Any:
    """Return the content of a YAML file; raises `error` when it is missing or not YAML."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 -- it is a SafeLoader
    except OSError as exc:
        raise error(f"{path}: cannot be read ({exc.strerror})") from exc
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise error(f"{path}: is not YAML ({str(exc).splitlines()[0]})") from exc


def first_fault(exc: ValidationError, whole: str) -> str:
    """Return position and message of the first fault; `whole` stands for the whole content."""
    first = exc.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc']) or whole}: {first['msg']}"
