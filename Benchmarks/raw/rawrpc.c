// Ping-pong RPC through RabbitMQ in plain C on librabbitmq: one message for a request, one for its reply, as a client
// library is used at its simplest. The measure for what Benchmarks/rpc and Benchmarks/rooms find.
//
//   rawrpc [-h HOST] [-p PORT] [-u USER] [-P PASSWORD] [-w W,W…] [-d SECONDS] [-b PID]
//
// W: calls out at once. PID: the broker's, whose CPU time is told too. 200-byte requests, 80-byte replies, transient,
// without acknowledgements; the callee is a process of its own. Prints a line `RESULT key=value …` for each W; times in µs.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_tcp_socket.h>
#endif

enum { REQUEST_SIZE = 200, REPLY_SIZE = 80, MOST_CALLS = 8192, MOST_LATENCIES = 1 << 24 };

static const char *host = "127.0.0.1", *user = "guest", *password = "guest";
static int port = 5672, broker;
static double duration = 3;

static void fail(const char *what) {
    fprintf(stderr, "rawrpc: %s\n", what);
    exit(1);
}

static void check(amqp_rpc_reply_t reply, const char *what) {
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) fail(what);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// CPU seconds of a process, see proc(5).
static double used_by(int process) {
    char path[64], line[1024];
    unsigned long user_ticks = 0, system_ticks = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    FILE *file = process > 0 ? fopen(path, "r") : NULL;
    if (!file) return 0;
    char *end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    fclose(file);
    if (!end || sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user_ticks, &system_ticks) != 2)
        return 0;
    return (double)(user_ticks + system_ticks) / (double)sysconf(_SC_CLK_TCK);
}

static amqp_connection_state_t connected(void) {
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(connection);
    if (!socket || amqp_socket_open(socket, host, port)) fail("cannot connect to the broker");
    check(amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, user, password), "the broker refuses the login");
    amqp_channel_open(connection, 1);
    check(amqp_get_rpc_reply(connection), "cannot open a channel");
    return connection;
}

static void consume(amqp_connection_state_t connection, const char *queue) {
    amqp_bytes_t name = amqp_cstring_bytes(queue);
    amqp_queue_declare(connection, 1, name, 0, 0, 1, 1, amqp_empty_table);
    check(amqp_get_rpc_reply(connection), "cannot declare a queue");
    amqp_basic_consume(connection, 1, name, amqp_empty_bytes, 0, 1, 1, amqp_empty_table);
    check(amqp_get_rpc_reply(connection), "cannot consume");
}

static void publish(amqp_connection_state_t connection, amqp_bytes_t queue, amqp_bytes_t id, const char *reply_to, int size) {
    static char body[REQUEST_SIZE];
    amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CORRELATION_ID_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | (reply_to ? AMQP_BASIC_REPLY_TO_FLAG : 0),
        .correlation_id = id,
        .delivery_mode = 1,
        .reply_to = amqp_cstring_bytes(reply_to ? reply_to : "")};
    amqp_bytes_t bytes = {.len = (size_t)size, .bytes = body};
    if (amqp_basic_publish(connection, 1, amqp_empty_bytes, queue, 0, 0, &properties, bytes)) fail("cannot publish");
}

static void receive(amqp_connection_state_t connection, amqp_envelope_t *envelope) {
    struct timeval limit = {.tv_sec = 30};
    amqp_maybe_release_buffers(connection);
    check(amqp_consume_message(connection, envelope, &limit, 0), "nothing has come for 30 s");
}

static void serve(const char *queue, int ready) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    amqp_connection_state_t connection = connected();
    consume(connection, queue);
    if (write(ready, "r", 1) != 1) exit(1);
    for (;;) {
        amqp_envelope_t envelope;
        receive(connection, &envelope);
        amqp_basic_properties_t *properties = &envelope.message.properties;
        publish(connection, properties->reply_to, properties->correlation_id, NULL, REPLY_SIZE);
        amqp_destroy_envelope(&envelope);
    }
}

static int by_size(const void *one, const void *other) {
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return (a > b) - (a < b);
}

static void measure(amqp_connection_state_t connection, const char *queue, const char *replies, int callee, int window) {
    static uint32_t latencies[MOST_LATENCIES];
    static double sent[MOST_CALLS];
    size_t count = 0;
    int out = 0;
    double began = 0, end = 0, first = now() + 0.5, callee_before = 0, broker_before = 0;
    struct rusage own, own_before = {0};
    char id[16];
    for (; out < window; out++) {
        snprintf(id, sizeof id, "%d", out);
        sent[out] = now();
        publish(connection, amqp_cstring_bytes(queue), amqp_cstring_bytes(id), replies, REQUEST_SIZE);
    }
    while (out > 0) {
        amqp_envelope_t envelope;
        receive(connection, &envelope);
        amqp_bytes_t text = envelope.message.properties.correlation_id;
        snprintf(id, sizeof id, "%.*s", (int)(text.len < 15 ? text.len : 15), (char *)text.bytes);
        amqp_destroy_envelope(&envelope);
        int call = atoi(id);
        if (call < 0 || call >= window) fail("a reply of an unknown call");
        double moment = now();
        if (began == 0 && moment >= first) {
            began = moment;
            getrusage(RUSAGE_SELF, &own_before);
            callee_before = used_by(callee);
            broker_before = used_by(broker);
        }
        if (began > 0 && end == 0 && count < MOST_LATENCIES) latencies[count++] = (uint32_t)((moment - sent[call]) * 1e6);
        if (began > 0 && end == 0 && moment >= began + duration) {
            end = moment;
            getrusage(RUSAGE_SELF, &own);
            qsort(latencies, count, sizeof *latencies, by_size);
            printf("RESULT w=%d calls_per_s=%.0f p50=%u p99=%u secs=%.3f client_cpu=%.2f server_cpu=%.2f broker_cpu=%.2f\n",
                window, (double)count / (end - began), latencies[count / 2], latencies[count * 99 / 100], end - began,
                (double)(own.ru_utime.tv_sec - own_before.ru_utime.tv_sec + own.ru_stime.tv_sec - own_before.ru_stime.tv_sec)
                    + (double)(own.ru_utime.tv_usec - own_before.ru_utime.tv_usec + own.ru_stime.tv_usec
                          - own_before.ru_stime.tv_usec) / 1e6,
                used_by(callee) - callee_before, used_by(broker) - broker_before);
            fflush(stdout);
        }
        if (end > 0) {
            out--;
            continue;
        }
        sent[call] = now();
        publish(connection, amqp_cstring_bytes(queue), amqp_cstring_bytes(id), replies, REQUEST_SIZE);
    }
}

int main(int count, char **arguments) {
    char *windows = strdup("1,16,64,256,1024"), queue[64], replies[64];
    int option, ends[2];
    while ((option = getopt(count, arguments, "h:p:u:P:w:d:b:")) != -1) {
        switch (option) {
        case 'h': host = optarg; break;
        case 'p': port = atoi(optarg); break;
        case 'u': user = optarg; break;
        case 'P': password = optarg; break;
        case 'w': windows = strdup(optarg); break;
        case 'd': duration = atof(optarg); break;
        case 'b': broker = atoi(optarg); break;
        default: fail("usage: rawrpc [-h HOST] [-p PORT] [-u USER] [-P PASSWORD] [-w W,W…] [-d SECONDS] [-b PID]");
        }
    }
    snprintf(queue, sizeof queue, "rawrpc.%d", getpid());
    snprintf(replies, sizeof replies, "rawrpc.%d.replies", getpid());
    if (pipe(ends)) fail("cannot make a pipe");
    pid_t callee = fork();
    if (callee < 0) fail("cannot start a process");
    if (callee == 0) serve(queue, ends[1]);
    close(ends[1]);
    char ready;
    if (read(ends[0], &ready, 1) != 1) fail("the callee has ended");
    amqp_connection_state_t connection = connected();
    consume(connection, replies);
    for (char *word = strtok(windows, ","); word; word = strtok(NULL, ",")) {
        int window = atoi(word);
        if (window < 1 || window > MOST_CALLS) fail("W is 1 to 8192");
        measure(connection, queue, replies, callee, window);
    }
    kill(callee, SIGKILL);
    waitpid(callee, NULL, 0);
    return 0;
}
