#!/bin/sh
# Runs a command with a real vLLM to talk to:
#
#   tools/with_tiny_vllm.sh COMMAND [ARGUMENT ...]
#
# Sets ACCEPTANCE_VLLM_URL and ACCEPTANCE_MODEL for the command. When ACCEPTANCE_VLLM_URL is set already, that server
# is used and none is started. Ends with the command's status; the server is stopped in any case.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
server='' folder=''

clean_up() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
    [ -z "$folder" ] || rm -rf "$folder"
}

free_port() {
    "${PYTHON:-python3}" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

wait_until_ready() {
    until grep -q '^ready ' "$folder/output"; do
        kill -0 "$server" 2>/dev/null || { echo "with_tiny_vllm.sh: vLLM did not start" >&2; exit 1; }
        sleep 0.2
    done
}

if [ -z "${ACCEPTANCE_VLLM_URL:-}" ]; then
    folder=$(mktemp -d)
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    port=$(free_port)
    : >"$folder/output"
    "$here/tiny_vllm/start.sh" --port "$port" >"$folder/output" &
    server=$!
    wait_until_ready
    ACCEPTANCE_VLLM_URL=http://127.0.0.1:$port
    ACCEPTANCE_MODEL=tiny-chat
    export ACCEPTANCE_VLLM_URL ACCEPTANCE_MODEL
fi
status=0
"$@" || status=$?
exit "$status"
