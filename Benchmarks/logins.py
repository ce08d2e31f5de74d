"""Logs clients in at Gates, each once, and prints how many came through in a second: see `logins`.

One thread, which keeps so many logins out at a time; all clients are connected before the first of them.
"""

import argparse
import resource
import select
import socket
import time


def connected(addresses, count):
    """Sockets of so many clients, over all addresses in turn, that have their CONNACK."""
    connect = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00"
    clients = []
    for number in range(count):
        client = socket.create_connection(addresses[number % len(addresses)])
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(connect)
        clients.append(client)
    for client in clients:
        answer = b""
        while len(answer) < 4:
            data = client.recv(4 - len(answer))
            assert data, "a Gate closed the connection"
            answer += data
        assert answer == b"\x20\x02\x00\x00", f"refused: {answer!r}"
        client.setblocking(False)
    return clients


def login(user):
    topic, payload = b"Login/Handler_Login/1", b'{"userName":"%s","passWord":"x"}' % user.encode()
    body = len(topic).to_bytes(2, "big") + topic + payload
    assert len(body) < 128
    return bytes([0x30, len(body)]) + body


def log_in(clients, outstanding, prefix):
    """Logs each client in, as a user of its own.

    Returns seconds from the first question to the last answer, and the sorted times of all.
    """
    poll = select.epoll()
    by_number = {client.fileno(): client for client in clients}
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    waiting = [(number, login(f"{prefix}-{index}")) for index, number in enumerate(by_number)]
    waiting.reverse()
    sent, received, times = {}, {}, []
    began = time.perf_counter()

    def send():
        number, packet = waiting.pop()
        by_number[number].sendall(packet)
        sent[number] = time.perf_counter()

    while waiting and len(sent) < outstanding:
        send()
    while sent:
        for number, _ in poll.poll(30) or [(None, None)]:
            assert number is not None, f"{len(sent)} logins are not answered"
            received[number] = received.get(number, b"") + by_number[number].recv(65536)
            data = received[number]
            if len(data) < 2 or len(data) < 2 + data[1]:
                assert data, "a Gate closed the connection"
                continue
            assert b'"Error":""' in data, f"refused: {data!r}"
            times.append(time.perf_counter() - sent.pop(number))
            if waiting:
                send()
    return time.perf_counter() - began, sorted(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("addresses", nargs="+", help="HOST:PORT of each Gate")
    parser.add_argument("--clients", type=int, default=5000)
    parser.add_argument("--outstanding", type=int, default=256)
    parser.add_argument("--prefix", default="user")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    addresses = [(host, int(port)) for host, port in (text.rsplit(":", 1) for text in options.addresses)]
    clients = connected(addresses, options.clients)
    spent = time.process_time()
    seconds, times = log_in(clients, options.outstanding, options.prefix)
    spent = time.process_time() - spent
    print(f"{len(clients) / seconds:.0f} {times[len(times) // 2] * 1e3:.1f} {times[len(times) * 99 // 100] * 1e3:.1f} "
          f"{spent:.2f}")


if __name__ == "__main__":
    main()
