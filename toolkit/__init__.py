"""ReviewDial: peer review from OpenReview, turned into dialogue datasets that anyone can check."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "build", "load_recipe"]

if TYPE_CHECKING:
    from toolkit.pipeline import build
    from toolkit.recipe import load_recipe

_HOMES = {"build": "toolkit.pipeline", "load_recipe": "toolkit.recipe"}


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that ``import toolkit`` costs next to nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'toolkit' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
