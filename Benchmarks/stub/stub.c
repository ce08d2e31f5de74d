// A server that speaks a Gate's protocol and does none of its work: what a generator and the kernel leave room for.
//
//   stub PORT       127.0.0.1 only; prints "listening" when it takes connections
//
// A PUBLISH with a message id is answered at once: {"Error":"","Result":"done"} on its topic. A topic with "Join" in it, or
// any SUBSCRIBE, makes the connection a member of the one room. A member's PUBLISH to a topic with "Say" in it, or to one
// that begins with "room", goes to all members, on Chat/OnSay or on its own topic. One thread, one write for what one read
// brought; a member whose socket is full gets the rest when it has room.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    uint8_t *bytes;
    size_t count, capacity;
} Buffer;

typedef struct {
    bool is_open, is_member, is_waiting_for_room;
    Buffer input, output;
} Connection;

static const char ANSWER[] = "{\"Error\":\"\",\"Result\":\"done\"}";
static const size_t LONGEST_PACKET = 1 << 20;

static Connection *connections;
static int limit, epoll;
static int *members, member_count;

static bool append(Buffer *buffer, const void *bytes, size_t count) {
    if (buffer->count + count > buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity : 512;
        while (capacity < buffer->count + count) capacity *= 2;
        uint8_t *grown = realloc(buffer->bytes, capacity);
        if (!grown) return false;
        buffer->bytes = grown;
        buffer->capacity = capacity;
    }
    memcpy(buffer->bytes + buffer->count, bytes, count);
    buffer->count += count;
    return true;
}

static void consume(Buffer *buffer, size_t count) {
    buffer->count -= count;
    if (buffer->count) memmove(buffer->bytes, buffer->bytes + count, buffer->count);
}

static void release(Buffer *buffer) {
    free(buffer->bytes);
    *buffer = (Buffer){0};
}

static void watch(int fd, bool for_room, int operation) {
    struct epoll_event event = {.events = EPOLLIN | (for_room ? EPOLLOUT : 0), .data.fd = fd};
    epoll_ctl(epoll, operation, fd, &event);
}

static void flush(int fd) {
    Connection *connection = &connections[fd];
    if (!connection->output.count) return;
    ssize_t written = send(fd, connection->output.bytes, connection->output.count, MSG_NOSIGNAL);
    if (written > 0) consume(&connection->output, (size_t)written);
    bool must_wait = connection->output.count > 0;
    if (must_wait != connection->is_waiting_for_room) {
        connection->is_waiting_for_room = must_wait;
        watch(fd, must_wait, EPOLL_CTL_MOD);
    }
}

static void end(int fd) {
    Connection *connection = &connections[fd];
    if (connection->is_member) {
        for (int i = 0; i < member_count; i++) {
            if (members[i] != fd) continue;
            members[i] = members[--member_count];
            break;
        }
    }
    release(&connection->input);
    release(&connection->output);
    *connection = (Connection){0};
    close(fd);
}

static void join(int fd) {
    if (connections[fd].is_member) return;
    connections[fd].is_member = true;
    members[member_count++] = fd;
}

// Makes a PUBLISH of QoS 0 in a buffer.
static void make_publish(Buffer *buffer, const void *topic, size_t topic_size, const void *payload, size_t payload_size) {
    uint8_t head[7] = {0x30};
    size_t remaining = 2 + topic_size + payload_size, count = 1;
    do {
        head[count++] = (remaining & 0x7f) | (remaining > 0x7f ? 0x80 : 0);
        remaining >>= 7;
    } while (remaining);
    head[count++] = topic_size >> 8;
    head[count++] = topic_size & 0xff;
    append(buffer, head, count);
    append(buffer, topic, topic_size);
    append(buffer, payload, payload_size);
}

static void push(int speaker, const void *topic, size_t topic_size, const void *payload, size_t payload_size) {
    static Buffer packet;
    packet.count = 0;
    make_publish(&packet, topic, topic_size, payload, payload_size);
    for (int i = 0; i < member_count; i++) {
        int fd = members[i];
        append(&connections[fd].output, packet.bytes, packet.count);
        // The speaker's goes with what else its read brought.
        if (fd != speaker && !connections[fd].is_waiting_for_room) flush(fd);
    }
}

static bool contains(const uint8_t *bytes, size_t count, const char *text) {
    return memmem(bytes, count, text, strlen(text)) != NULL;
}

static void handle_publish(int fd, uint8_t flags, const uint8_t *body, size_t count) {
    Buffer *output = &connections[fd].output;
    if (count < 2) return;
    size_t topic_size = (size_t)body[0] << 8 | body[1], at = 2 + topic_size;
    const uint8_t *topic = body + 2;
    if (at + (flags & 6 ? 2 : 0) > count) return;
    if (flags & 6) {
        uint8_t acknowledgement[4] = {flags & 4 ? 0x50 : 0x40, 2, body[at], body[at + 1]};
        append(output, acknowledgement, 4);
        at += 2;
    }
    if (contains(topic, topic_size, "Join")) join(fd);
    if (connections[fd].is_member && contains(topic, topic_size, "Say")) push(fd, "Chat/OnSay", 10, body + at, count - at);
    if (topic_size >= 4 && !memcmp(topic, "room", 4)) {
        push(fd, topic, topic_size, body + at, count - at);
        return;
    }
    make_publish(output, topic, topic_size, ANSWER, sizeof ANSWER - 1);
}

static void handle(int fd, uint8_t header, const uint8_t *body, size_t count) {
    Buffer *output = &connections[fd].output;
    switch (header >> 4) {
    case 1: append(output, "\x20\x02\x00\x00", 4); break;
    case 3: handle_publish(fd, header & 15, body, count); break;
    case 6: if (count >= 2) append(output, (uint8_t[]){0x70, 2, body[0], body[1]}, 4); break;
    case 8:
        join(fd);
        if (count >= 2) append(output, (uint8_t[]){0x90, 3, body[0], body[1], 0}, 5);
        break;
    case 12: append(output, "\xd0\x00", 2); break;
    }
}

// Takes the packets off the front of what came.
// Returns how many bytes that were; -1 if that is no MQTT.
static ssize_t take_packets(int fd, const uint8_t *bytes, size_t count) {
    size_t taken = 0;
    while (count - taken >= 2) {
        size_t size = 0, at = taken + 1;
        int shift = 0;
        bool is_whole = false;
        while (at < count && shift < 28 && !is_whole) {
            size |= (size_t)(bytes[at] & 0x7f) << shift;
            shift += 7;
            is_whole = !(bytes[at++] & 0x80);
        }
        if ((!is_whole && shift == 28) || size > LONGEST_PACKET) return -1;
        if (!is_whole || size > count - at) break;
        handle(fd, bytes[taken], bytes + at, size);
        taken = at + size;
    }
    return (ssize_t)taken;
}

static void receive(int fd) {
    static uint8_t bytes[1 << 17];
    ssize_t count = recv(fd, bytes, sizeof bytes, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return end(fd);
    Buffer *input = &connections[fd].input;
    ssize_t taken;
    if (input->count) {
        append(input, bytes, (size_t)count);
        taken = take_packets(fd, input->bytes, input->count);
        if (taken >= 0) consume(input, (size_t)taken);
    } else {
        taken = take_packets(fd, bytes, (size_t)count);
        if (taken >= 0 && taken < count) append(input, bytes + taken, (size_t)(count - taken));
    }
    if (taken < 0) return end(fd);
    if (!connections[fd].is_waiting_for_room) flush(fd);
}

static void take_newcomer(int listener) {
    int yes = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (fd >= limit) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    connections[fd] = (Connection){.is_open = true};
    watch(fd, false, EPOLL_CTL_ADD);
}

int main(int count, char **arguments) {
    int port = count == 2 ? atoi(arguments[1]) : 0, yes = 1;
    if (port < 1 || port > 65535) {
        fprintf(stderr, "usage: stub PORT\n");
        return 2;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max < 200000 ? files.rlim_max : 200000;
    setrlimit(RLIMIT_NOFILE, &files);
    limit = (int)files.rlim_cur;
    connections = calloc((size_t)limit, sizeof *connections);
    members = calloc((size_t)limit, sizeof *members);
    signal(SIGPIPE, SIG_IGN);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (!connections || !members || bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        perror("stub");
        return 1;
    }
    epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(listener, false, EPOLL_CTL_ADD);
    puts("listening");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                take_newcomer(listener);
                continue;
            }
            // One before it in this turn may have ended it.
            if (!connections[fd].is_open) continue;
            if (events[i].events & EPOLLOUT) flush(fd);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(fd);
        }
    }
}
