#!/usr/bin/env bash
# Drives the console in a headless browser. BASE_URL names a running server;
# without it a `backstay dev` of our own is started on free ports and ended after.
# REFRESH_IMAGES=1 also takes the pictures of docs/images anew.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$(cd ../.. && pwd)
artefacts=${ARTEFACTS:-$root/artefacts/console}
mkdir -p "$artefacts"

[ -d node_modules/playwright-core ] || npm ci --no-audit --no-fund

if [ -z "${BASE_URL:-}" ]; then
	read -r console grpc http < <(node -e '
		const { createServer } = require("node:net");
		const servers = [0, 0, 0].map(() => createServer().listen(0, "127.0.0.1"));
		Promise.all(servers.map((s) => new Promise((done) => s.on("listening", done)))).then(() => {
			console.log(servers.map((s) => s.address().port).join(" "));
			servers.forEach((s) => s.close());
		});')
	export BASE_URL=http://127.0.0.1:$console
	"$root/bin/backstay" dev --listen "127.0.0.1:$console" --otlp-grpc "127.0.0.1:$grpc" --otlp-http "127.0.0.1:$http" >"$artefacts/server.log" 2>&1 &
	server=$!
	trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT
	for _ in $(seq 100); do
		curl -fsS -o /dev/null "$BASE_URL/readyz" 2>/dev/null && break
		kill -0 "$server" 2>/dev/null || { cat "$artefacts/server.log"; exit 1; }
		sleep 0.2
	done
fi

npm run --silent e2e
