#!/bin/sh
# Resolve requirements*.in for every platform and Python that the project supports, with checksums.
# `sh tools/lock.sh --upgrade` takes the newest versions that the .in files allow.
set -eu
cd "$(dirname "$0")/.."
for name in requirements requirements-dev requirements-bench; do
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
        --generate-hashes --no-emit-index-url --no-header --no-annotate "$@" "$name.in" -o "$name.txt"
done
