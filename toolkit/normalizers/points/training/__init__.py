"""How the wording model is taught. Needs the extra ``train``; nothing else in the package imports it."""
