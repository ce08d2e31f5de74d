// librabbitmq as Swift sees it. Debian 12 (0.11) has its headers directly in the include path;
// versions from 0.12 on moved them into a folder and only forward the old names, with a warning.
#ifndef CRABBITMQ_SHIM_H
#define CRABBITMQ_SHIM_H

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
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

// Whom a TLS handshake has to meet, and what came of it.
typedef struct crabbitmq_peer {
    const char *server_name;  // sent to the peer (SNI); NULL: none
    int verify_error;         // X509_V_…, the first one
} crabbitmq_peer;

static inline int crabbitmq_verified(int is_fine, X509_STORE_CTX *store) {
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    crabbitmq_peer *peer = ssl ? SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)) : NULL;
    if (!is_fine && peer && peer->verify_error == X509_V_OK) peer->verify_error = X509_STORE_CTX_get_error(store);
    return is_fine;
}

// librabbitmq has named the host that it connects to; this comes after that, and before the first message.
static inline void crabbitmq_handshake(const SSL *ssl, int where, int value) {
    (void)value;
    if ((where & SSL_CB_HANDSHAKE_START) == 0 || !SSL_in_before(ssl)) return;
    crabbitmq_peer *peer = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    if (peer) SSL_set_tlsext_host_name((SSL *)ssl, peer->server_name);
}

// Has the handshake of a socket name `peer->server_name`, and check that the certificate is that of `host`. `peer` outlives
// the socket. 1: done.
static inline int crabbitmq_expect(
    amqp_socket_t *socket, crabbitmq_peer *peer, const char *host, int is_address, int verifies) {
    SSL_CTX *context = amqp_ssl_socket_get_context(socket);
    if (!context || !host || !SSL_CTX_set_app_data(context, peer)) return 0;
    SSL_CTX_set_info_callback(context, crabbitmq_handshake);
    if (!verifies) return 1;
    X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, crabbitmq_verified);
    return is_address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, host)
                      : X509_VERIFY_PARAM_set1_host(parameters, host, 0);
}

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
