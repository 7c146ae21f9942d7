#!/bin/sh
# Installs the programs that the client tests run: a real vLLM with a tiny model, and LiteLLM's proxy. Both are large
# and change seldom, so they live in the user's cache folder and are installed again only when their lock changes.
#
#   clients/install.sh [tiny_vllm] [litellm]      (both, when none is named)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${PROMPTGUARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/promptguard}
python=${PYTHON:-python3}

install_tiny_vllm() {
    "$here/../tools/tiny_vllm/start.sh" --home "$cache/tiny_vllm" --install-only
}

install_litellm() {
    venv=$cache/litellm
    lock=$here/litellm.lock
    digest=$(cksum <"$lock")
    if [ -x "$venv/bin/litellm" ] && [ "$(cat "$venv/.installed" 2>/dev/null)" = "$digest" ]; then
        return
    fi
    echo "install.sh: installing LiteLLM's proxy into $venv" >&2
    "$python" -m venv --clear "$venv"
    "$venv/bin/pip" install -qq --disable-pip-version-check --only-binary :all: --require-hashes --no-deps -r "$lock"
    echo "$digest" >"$venv/.installed"
}

mkdir -p "$cache"
[ "$#" -gt 0 ] || set -- tiny_vllm litellm
for program in "$@"; do
    case $program in
    tiny_vllm) install_tiny_vllm ;;
    litellm) install_litellm ;;
    *)
        echo "install.sh: unknown program $program" >&2
        exit 2
        ;;
    esac
done
