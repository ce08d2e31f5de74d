#!/bin/sh
# Runs the tests of the Python module against a real server and a real broker: run.sh BINARY [test…]
#
# BINARY is mqantserver; a test is a module, class or method such as test_dice.Faults (default: all). The Python
# environment is that of Tests/ClientTests (CLIENT_TESTS_VENV says where it is kept).
# Debian packages needed: python3-venv rabbitmq-server
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

fail() {
    echo "python-module: $1" >&2
    exit 2
}

[ $# -ge 1 ] || fail "usage: run.sh BINARY [test...]"
[ -x "$1" ] || fail "$1 is not a program"
MQANTSERVER=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
export MQANTSERVER
shift

[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || fail "rabbitmq-server is not installed (see the head of this script)"
command -v epmd >/dev/null || fail "epmd is not installed: it comes with rabbitmq-server"
client_tests=$root/Tests/ClientTests
. "$client_tests/venv.sh"

cd "$here"
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here:$root/Tests/ClientTests"
[ $# -gt 0 ] || set -- test_wire test_roster test_package test_dice test_table test_deadlines test_faults test_permissions
exec "$venv/bin/python" -W error::ResourceWarning -m unittest -v "$@"
