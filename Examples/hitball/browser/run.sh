#!/bin/sh
# Plays hitball in real browsers against a real server: run.sh BINARY [test…]
#
# BINARY is hitball-server; a test is a module, class or method such as test_page.Page.test_two_play_and_one_watches
# (default: all). The Python environment and the driver of the browser are those of Tests/ClientTests (CLIENT_TESTS_VENV says
# where the environment is kept). HITBALL_SCREENSHOTS names a folder for screenshots (default: none are kept).
# Debian packages needed: python3-venv node-mqtt node-buffer esbuild chromium chromium-driver
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)

fail() {
    echo "hitball: $1" >&2
    exit 2
}

[ $# -ge 1 ] || fail "usage: run.sh BINARY [test...]"
[ -x "$1" ] || fail "$1 is not a program"
HITBALL_SERVER=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
export HITBALL_SERVER
shift

for tool in python3 chromedriver chromium; do
    command -v "$tool" >/dev/null || fail "$tool is not installed (see the head of this script)"
done
"$root/scripts/bundle-web" "$here/../web"
client_tests=$root/Tests/ClientTests
. "$client_tests/venv.sh"

cd "$here"
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here:$client_tests"
[ $# -gt 0 ] || set -- test_page
exec "$venv/bin/python" -W error::ResourceWarning -m unittest -v "$@"
