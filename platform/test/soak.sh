#!/usr/bin/env bash
# Runs the demo for MINUTES (10) and watches the server: resident memory must stay
# at or below LIMIT_MB (250), goroutines must not grow.
set -euo pipefail
cd "$(dirname "$0")/../.."
minutes=${MINUTES:-10}
limit=${LIMIT_MB:-250}
port=${PORT:-4400}

bin/backstay dev --listen "127.0.0.1:$port" &
server=$!
trap 'kill -INT "$server" 2>/dev/null; wait "$server" || true' EXIT

until curl -fsS "http://127.0.0.1:$port/readyz" >/dev/null 2>&1; do
	kill -0 "$server" || { echo "the server ended early"; exit 1; }
	sleep 0.2
done

resident() { awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$server/status"; }
goroutines() { curl -fsS "http://127.0.0.1:$port/metrics" | awk '$1 == "go_goroutines" { printf "%d", $2 }'; }

sleep 60 # connections and pools find their size
first=$(goroutines)
peak=0
for ((i = 1; i < minutes * 6; i++)); do
	sleep 10
	now=$(resident)
	((now > peak)) && peak=$now
	((i % 6)) || printf 'minute %2d: %3d MB resident, %d goroutines\n' "$((i / 6 + 1))" "$now" "$(goroutines)"
done
last=$(goroutines)
printf 'peak %d MB resident (limit %d), goroutines %d after one minute and %d at the end\n' "$peak" "$limit" "$first" "$last"
((peak <= limit)) || { echo "the server grew past $limit MB"; exit 1; }
((last <= first + first / 4 + 5)) || { echo "goroutines grew"; exit 1; }
