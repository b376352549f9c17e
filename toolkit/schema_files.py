"""Writes ``schemas/*.schema.json`` from the records and the recipe, so that the files never lag behind the code.

``make schemas`` runs it; a test fails when a file is not what this module would write.
"""

import json
from pathlib import Path

from toolkit.recipe import build_recipe_schema
from toolkit.tables import PUBLISHED, build_json_schema, find_schemas_folder


def build_schema_files() -> dict[str, str]:
    """Return the content of every generated schema file by its name."""
    schemas = {name: build_json_schema(name) for name in PUBLISHED}
    schemas["recipe"] = build_recipe_schema()
    return {
        f"{name}.schema.json": json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
        for name, schema in schemas.items()
    }


def write_schema_files(folder: Path) -> None:
    """Write every generated schema file into a folder."""
    for name, text in build_schema_files().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_schema_files(find_schemas_folder())
