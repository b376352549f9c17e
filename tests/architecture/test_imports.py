"""Imports run one way: cli -> pipeline -> stages -> venues, text -> records. A stage never imports another stage."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "toolkit"
FOUNDATION = {"records", "errors", "tables", "workspace", "progress", "notes", "engines"}
KNOWLEDGE = {"venues", "text"}
STAGES = {"fetchers", "normalizers", "synthesizers", "auditors", "exporters"}
PIPELINE = {"pipeline", "recipe", "schema_files"}

MAY_IMPORT = {
    **dict.fromkeys(FOUNDATION, FOUNDATION),
    **dict.fromkeys(KNOWLEDGE, FOUNDATION | KNOWLEDGE),
    **{name: FOUNDATION | KNOWLEDGE | {name} for name in STAGES},
    **dict.fromkeys(PIPELINE, FOUNDATION | KNOWLEDGE | STAGES | PIPELINE),
    "cli": FOUNDATION | KNOWLEDGE | STAGES | PIPELINE | {"cli"},
    "__main__": {"cli"},
}
HEAVY = {
    "pyarrow",
    "pandas",
    "datasets",
    "openreview",
    "jinja2",
    "pydantic",
    "yaml",
    "numpy",
    "tqdm",
    "huggingface_hub",
}


def list_modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def find_room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def list_imports(path: Path) -> list[tuple[str, bool]]:
    """Every imported module, and whether it is imported when the file is loaded."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = set()
    for node in ast.walk(tree):
        is_type_checking = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or is_type_checking:
            hidden.update(id(inner) for inner in ast.walk(node))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) not in hidden) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            base = node.module or ""
            names = [f"{base}.{alias.name}" for alias in node.names] if base == "toolkit" else [base]
            found += [(name, id(node) not in hidden) for name in names]
    return found


@pytest.mark.parametrize("path", list_modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_room_imports_only_what_lies_below_it(path: Path) -> None:
    room = find_room(path)
    if room == "__init__":
        return
    for module, _ in list_imports(path):
        parts = module.split(".")
        if parts[0] == "toolkit" and len(parts) > 1 and parts[1] != "__version__":
            assert parts[1] in MAY_IMPORT[room], f"{room} imports {module}"


@pytest.mark.parametrize("name", ["toolkit", "toolkit.cli.main", "toolkit.records", "toolkit.cli.terminal"])
def test_no_heavy_library_is_loaded_before_it_is_needed(name: str) -> None:
    """The start of every command loads these modules; a benchmark prints what that costs."""
    seen, waiting, heavy = set(), [name], set()
    while waiting:
        module = waiting.pop()
        base = PACKAGE.parent / Path(*module.split("."))
        path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
        if module in seen or not path.exists():
            continue
        seen.add(module)
        for imported, at_load in list_imports(path):
            if not at_load:
                continue
            if imported.startswith("toolkit"):
                waiting.append(imported)
            elif imported.split(".")[0] in HEAVY:
                heavy.add(imported)
    assert not heavy
