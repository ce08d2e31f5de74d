#!/bin/sh
# Runs the clients' tests against a real server: run.sh BINARY [test…]
#
# BINARY is mqantserver; a test is a module, class or method such as test_browser or test_paho.OverMQTT31.test_talk
# (default: all). In the environment:
#   CLIENT_TESTS_VENV         where the Python environment is kept (default: .venv beside this file)
#   CLIENT_TESTS_SCREENSHOTS  a folder for the browser's screenshots (default: a temporary one, thrown away)
#   MQANT_SCREENSHOTS         a folder of the checkout for the pictures of test_pictures: docs/images renews the documents'
# Debian packages needed: python3-venv nodejs node-mqtt node-buffer esbuild mosquitto-clients chromium chromium-driver
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

fail() {
    echo "ClientTests: $1" >&2
    exit 2
}

[ $# -ge 1 ] || fail "usage: run.sh BINARY [test...]"
[ -x "$1" ] || fail "$1 is not a program"
MQANTSERVER=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
export MQANTSERVER
shift

for tool in python3 node mosquitto_pub mosquitto_sub mosquitto_rr chromedriver chromium; do
    command -v "$tool" >/dev/null || fail "$tool is not installed (see the head of this script)"
done
"$root/scripts/bundle-web"

client_tests=$here
. "$here/venv.sh"

cd "$here"
export PYTHONDONTWRITEBYTECODE=1
if [ $# -eq 0 ]; then
    exec "$venv/bin/python" -W error::ResourceWarning -m unittest discover -v -s "$here" -p 'test_*.py'
fi
exec "$venv/bin/python" -W error::ResourceWarning -m unittest -v "$@"
