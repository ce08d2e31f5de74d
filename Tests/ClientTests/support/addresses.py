"""Run inside a network namespace: addresses.py ADDRESS…: the server's three ports answer at each, and `health` says so."""

import os
import pathlib
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
PORTS = (45_563, 45_653, 45_080)  # Nobody else is in this namespace.
CONFIGURATION = """
{ "Module": {
    "Gate": [ { "Id": "gate", "Host": "localhost", "Settings": { "TCPAddr": ":%d", "WSAddr": ":%d", "MaxConnNum": 99 } } ],
    "Web": [ { "Id": "web", "Host": "localhost", "Settings": { "Addr": ":%d", "Root": "clients/web" } } ] } }
""" % PORTS


def check(conf, addresses):
    binary = os.environ["MQANTSERVER"]
    with subprocess.Popen(
            [binary, "--conf", conf], cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as server:
        lines = []
        try:
            # Ends with the process, if it does not start.
            while sum(" Listen : " in line for line in lines) < 3 and (line := server.stderr.readline()):
                lines.append(line)
            for address in addresses:
                for port in PORTS:
                    socket.create_connection((address, port), 5).close()
            health = subprocess.run([binary, "health", "--conf", conf], cwd=ROOT, capture_output=True, text=True)
            assert health.returncode == 0, health.stderr
            print("well")
        except (AssertionError, OSError) as error:
            print("".join(lines), repr(error), sep="")
        finally:
            server.terminate()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "server.conf"
        path.write_text(CONFIGURATION)
        check(str(path), sys.argv[1:])
