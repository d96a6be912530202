#!/bin/sh
# Make an environment from a lock file, or do nothing when it already stands as that lock says.
#   tools/environment.sh run    .venv with what the product needs (requirements.txt)
#   tools/environment.sh dev    that and what the checks need (requirements-dev.txt)
#   tools/environment.sh bench  .venv-bench with the product and the peer it is measured against (requirements-bench.txt)
# Only plain pip is used, and every file's checksum is in the lock.
set -eu
cd "$(dirname "$0")/.."
wanted=$1
folder=.venv
locks="requirements.txt requirements-dev.txt"
if [ "$wanted" = bench ]; then
    folder=.venv-bench
    locks=requirements-bench.txt
fi
stamp=$folder/.lock-stamp

# shellcheck disable=SC2086 # a list of names
checksum() { cksum $locks | tr '\n' ' '; }

if [ -f "$stamp" ]; then
    read -r made sums < "$stamp"
    if [ "$sums" = "$(checksum | sed 's/ *$//')" ] && { [ "$made" = "$wanted" ] || [ "$made" = dev ]; }; then
        exit 0
    fi
    # What the developer tools brought stays: an environment that was made for them is renewed for them.
    [ "$made" = dev ] && wanted=dev
fi

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-} python3 python3.11 python3.12 python3.13 python3.14 python; do
        if command -v "$candidate" >/dev/null 2>&1 && is_new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.11 or newer is needed and was not found; install it, or name it: PYTHON=/path/to/python make" >&2
    exit 1
}

rm -f "$stamp"
if ! { is_new_enough "$folder/bin/python" && "$folder/bin/python" -m pip --version >/dev/null 2>&1; }; then
    python=$(find_python)
    if ! "$python" -m venv --clear "$folder"; then
        echo "$python cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    fi
fi

lock=requirements.txt
[ "$wanted" = run ] || lock=requirements-$wanted.txt
echo "Installing $(grep -c '^[a-z].*==' "$lock") packages from $lock; this happens once."
"$folder/bin/python" -m pip install -qq --disable-pip-version-check --no-input --no-deps --require-hashes -r "$lock"
echo "$wanted $(checksum | sed 's/ *$//')" > "$stamp"
