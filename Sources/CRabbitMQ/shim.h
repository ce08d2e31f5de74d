// librabbitmq as Swift sees it. Debian 12 (0.11) has its headers directly in the include path;
// versions from 0.12 on moved them into a folder and only forward the old names, with a warning.
#ifndef CRABBITMQ_SHIM_H
#define CRABBITMQ_SHIM_H

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/time.h>

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#include <rabbitmq-c/ssl_socket.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#endif

// glibc shows its declaration to C with _GNU_SOURCE only, and Swift's Glibc module leaves eventfd out.
int pthread_setname_np(pthread_t thread, const char *name);

// amqp_login_with_properties is variadic, and Swift cannot call variadic C functions.
// user and password are copied by the library before this returns.
static inline amqp_rpc_reply_t crabbitmq_login_plain(
    amqp_connection_state_t state, const char *vhost, int channel_max, int frame_max, int heartbeat,
    const amqp_table_t *client_properties, const char *user, const char *password) {
    return amqp_login_with_properties(
        state, vhost, channel_max, frame_max, heartbeat, client_properties,
        AMQP_SASL_METHOD_PLAIN, user, password);
}

#endif
