"""A network link between a client and the server that a test can cut."""

import socket
import threading

from .server import HOST


class Proxy:
    """Forwards connections to a port of this machine until `cut`, and again from `mend` on."""

    def __init__(self, target):
        self.target = target
        self.whole = True
        self.sockets = set()
        self.threads = []
        self.lock = threading.Lock()
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.accepter = threading.Thread(target=self._accept)
        self.accepter.start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return  # closed
            with self.lock:
                if not self.whole:
                    client.close()
                    continue
                server = socket.create_connection((HOST, self.target))
                self.sockets |= {client, server}
                for source, sink in ((client, server), (server, client)):
                    thread = threading.Thread(target=self._pump, args=(source, sink))
                    self.threads.append(thread)
                    thread.start()

    def _pump(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """Ends all connections; new ones end at once."""
        with self.lock:
            self.whole = False
            for one in self.sockets:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def mend(self):
        with self.lock:
            self.whole = True

    def close(self):
        self.cut()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.accepter.join()
        for thread in self.threads:
            thread.join()
        for one in self.sockets:
            one.close()
