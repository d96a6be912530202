#!/bin/sh
# Build the documentation into build/docs (or the folder named); a warning is an error.
set -eu
cd "$(dirname "$0")/.."
exec .venv/bin/sphinx-build -W --keep-going -q -b html docs "${1:-build/docs}"
