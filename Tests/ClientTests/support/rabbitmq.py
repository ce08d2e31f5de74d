"""The programs of the RabbitMQ that tests start: the installed one, or that of the folder which the environment variable
MQANT_TEST_RABBITMQ names (scripts/test-brokers makes such folders, one for each version)."""

import os

_folder = os.environ.get("MQANT_TEST_RABBITMQ")
_scripts = _folder or "/usr/lib/rabbitmq/bin"

SERVER, CTL = f"{_scripts}/rabbitmq-server", f"{_scripts}/rabbitmqctl"
EPMD = f"{_folder}/epmd" if _folder else "epmd"  # Debian installs it with Erlang, in the PATH
