#!/bin/sh
# Runs the tests on several hosts against real servers and a real RabbitMQ: run.sh BINARY [test…]
#
# BINARY is mqantserver; a test is a module, class or method such as test_chat or test_callee.Killed.test_one_of_one
# (default: all). Needs root, for it builds the hosts as network namespaces. In the environment:
#   HOST_TESTS_LANES   how many modules of tests run at a time, each with hosts and a broker of its own (default 4)
#   HOST_TESTS_SLACK   seconds that a slow or busy machine may add to every bound of the tests (default 1.5)
#   HOST_TESTS_CHAOS_SECONDS, HOST_TESTS_SEED   how long test_chaos runs (default 60), and its schedule (default: another one
#                      each time; it is printed)
#   HOST_TESTS_LOGS    a folder for the logs of nodes and brokers (default: kept only while the tests run)
#   CLIENT_TESTS_VENV  where the Python environment is kept, shared with ClientTests
# Debian packages needed: python3-venv iproute2 rabbitmq-server, and a C compiler
set -eu

here=$(cd "$(dirname "$0")" && pwd)
client_tests=$here/../ClientTests

fail() {
    echo "HostTests: $1" >&2
    exit 2
}

[ $# -ge 1 ] || fail "usage: run.sh BINARY [test...]"
[ -x "$1" ] || fail "$1 is not a program"
[ "$(id -u)" = 0 ] || fail "needs root: it builds hosts as network namespaces (sudo $0 ...)"
MQANTSERVER=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
export MQANTSERVER
shift

PATH=$PATH:/usr/sbin:/sbin
export PATH
for tool in ip unshare mount epmd rabbitmqctl; do
    command -v "$tool" >/dev/null || fail "$tool is not installed (see the head of this script)"
done
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || fail "rabbitmq-server is not installed"
command -v cc >/dev/null || command -v clang >/dev/null || fail "there is no C compiler, cc or clang"
unshare --net --mount --pid --fork --kill-child --mount-proc true ||
    fail "this kernel or container lets root make no namespaces"
. "$client_tests/venv.sh"

cd "$here"
export PYTHONDONTWRITEBYTECODE=1
exec "$venv/bin/python" -m cluster.run "$@"
