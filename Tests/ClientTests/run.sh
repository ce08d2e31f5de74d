#!/bin/sh
# Runs the clients' tests against a real server: run.sh BINARY [test…]
#
# BINARY is mqantserver; a test is a module, class or method such as test_browser or test_paho.OverMQTT31.test_talk
# (default: all). In the environment:
#   CLIENT_TESTS_VENV         where the Python environment is kept (default: .venv beside this file)
#   CLIENT_TESTS_SCREENSHOTS  a folder for the browser's screenshots (default: a temporary one, thrown away)
# Debian packages needed: python3-venv nodejs node-mqtt node-buffer esbuild mosquitto-clients chromium chromium-driver
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=${CLIENT_TESTS_VENV:-$here/.venv}

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

# The environment is complete once the stamp is there, and is made anew when the requirements change.
if ! cmp -s "$here/requirements.txt" "$venv/installed"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    # The chat client is to work with the older paho too, which lies in a folder of its own.
    "$venv/bin/pip" install --quiet --disable-pip-version-check --target "$venv/paho1" 'paho-mqtt<2'
    cp "$here/requirements.txt" "$venv/installed"
fi

cd "$here"
export PYTHONDONTWRITEBYTECODE=1
if [ $# -eq 0 ]; then
    exec "$venv/bin/python" -W error::ResourceWarning -m unittest discover -v -s "$here" -p 'test_*.py'
fi
exec "$venv/bin/python" -W error::ResourceWarning -m unittest -v "$@"
