# Sourced by the run.sh of ClientTests and of HostTests: makes the Python environment that both use, and sets `venv`.
# CLIENT_TESTS_VENV says where it is kept; the default is .venv beside this file. Needs `fail` and `client_tests`, this
# file's folder.

venv=${CLIENT_TESTS_VENV:-$client_tests/.venv}
command -v python3 >/dev/null || fail "python3 is not installed"
command -v flock >/dev/null || fail "flock is not installed (util-linux)"
mkdir -p "$venv"
# One at a time; complete once the stamp is there, and made anew when the requirements change.
exec 9>"$venv.lock"
flock 9
if ! cmp -s "$client_tests/requirements.txt" "$venv/installed"; then
    rm -rf "$venv"
    python3 -m venv "$venv" || fail "python3 -m venv failed (Debian: python3-venv)"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$client_tests/requirements.txt"
    # The chat client is to work with the older paho too, which lies in a folder of its own.
    "$venv/bin/pip" install --quiet --disable-pip-version-check --target "$venv/paho1" 'paho-mqtt<2'
    cp "$client_tests/requirements.txt" "$venv/installed"
fi
exec 9>&-
