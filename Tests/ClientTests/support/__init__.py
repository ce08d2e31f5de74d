"""What the tests of clients have in common; those of hosts and of the Python module use it too."""

import signal

# A shell that starts the tests in the background ignores SIGINT, and what ignores it passes that on to its children; what handles
# it does not.
signal.signal(signal.SIGINT, signal.default_int_handler)
