#ifndef TOLLGATE_CTESTTLS_SHIM_H
#define TOLLGATE_CTESTTLS_SHIM_H

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// Certificates and TLS sessions over memory for the backends of the tests.

static inline EVP_PKEY *ctesttls_key(void) { return EVP_EC_gen("P-256"); }

static inline int ctesttls_extend(X509 *certificate, int kind, const char *text) {
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, text);
    int done = extension != NULL && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return done;
}

// Signed by the issuer, or by itself without one. `names` is a subjectAltName, `from` and `until` seconds from now.
static inline X509 *ctesttls_certificate(
    EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, const char *common_name, const char *names, long from,
    long until) {
    X509 *certificate = X509_new();
    if (!certificate) return NULL;
    X509_NAME *name = X509_get_subject_name(certificate);
    int is_fine = X509_set_version(certificate, 2) && ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1 + until) &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), from) &&
        X509_gmtime_adj(X509_getm_notAfter(certificate), until) && X509_set_pubkey(certificate, key) &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0) &&
        X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : name) &&
        ctesttls_extend(certificate, NID_basic_constraints, names ? "critical,CA:FALSE" : "critical,CA:TRUE") &&
        (!names || ctesttls_extend(certificate, NID_subject_alt_name, names)) &&
        X509_sign(certificate, issuer_key ? issuer_key : key, EVP_sha256());
    if (is_fine) return certificate;
    X509_free(certificate);
    return NULL;
}

static inline int ctesttls_write(X509 *certificate, const char *path) {
    BIO *file = BIO_new_file(path, "w");
    int done = file != NULL && PEM_write_bio_X509(file, certificate);
    BIO_free(file);
    return done;
}

static inline int ctesttls_write_key(EVP_PKEY *key, const char *path) {
    BIO *file = BIO_new_file(path, "w");
    int done = file != NULL && PEM_write_bio_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    BIO_free(file);
    return done;
}

static inline int ctesttls_choose_http2(
    SSL *session, const unsigned char **chosen, unsigned char *length, const unsigned char *offered,
    unsigned int offered_length, void *context) {
    (void)session;
    (void)context;
    static const unsigned char ours[] = "\x02h2";
    unsigned char *match = NULL;
    if (SSL_select_next_proto(&match, length, ours, 3, offered, offered_length) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *chosen = match;
    return SSL_TLSEXT_ERR_OK;
}

// A server's side; with `offers_http2` it picks h2 where the client knows it.
static inline SSL_CTX *ctesttls_server(EVP_PKEY *key, X509 *certificate, int offers_http2, int version) {
    SSL_CTX *server = SSL_CTX_new(TLS_server_method());
    if (!server) return NULL;
    if (offers_http2) SSL_CTX_set_alpn_select_cb(server, ctesttls_choose_http2, NULL);
    SSL_CTX_set_security_level(server, 0);
    if (SSL_CTX_use_certificate(server, certificate) && SSL_CTX_use_PrivateKey(server, key) &&
        SSL_CTX_set_max_proto_version(server, version) && SSL_CTX_set_min_proto_version(server, 0)) {
        return server;
    }
    SSL_CTX_free(server);
    return NULL;
}

// A session whose two ends are memory: `ctesttls_received` goes in, `ctesttls_to_send` comes out.
static inline SSL *ctesttls_session(SSL_CTX *server) {
    SSL *session = SSL_new(server);
    if (!session) return NULL;
    SSL_set_bio(session, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(session);
    return session;
}

static inline void ctesttls_received(SSL *session, const void *bytes, int count) {
    BIO_write(SSL_get_rbio(session), bytes, count);
}

static inline int ctesttls_to_send(SSL *session, void *bytes, int capacity) {
    return BIO_read(SSL_get_wbio(session), bytes, capacity);
}

#endif
