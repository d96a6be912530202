"""How the documentation is built: `make docs` puts it into `build/docs`; a warning is an error."""

from __future__ import annotations

project = "Loopin Analytics"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["examples/**", "images/**"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
# `python` and `sh` in fences are checked by loopin_backend/tests/test_docs.py; a lexer that stumbles over a placeholder
# is no reason to fail.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = "Loopin Analytics"
html_static_path: list[str] = []
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
