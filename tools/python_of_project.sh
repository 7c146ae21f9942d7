#!/bin/sh
# Prints the Python that the project's environment is made with: $PYTHON, else the first on PATH that is 3.11 or newer
# and can make virtual environments. Says what to install when there is none.
set -eu

usable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if usable "$python"; then
        echo "$python"
        exit 0
    fi
done
echo "PromptGuard needs Python 3.11 or newer with venv (Debian: apt-get install python3 python3-venv)." >&2
exit 1
