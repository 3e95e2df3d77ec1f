#ifndef TOLLGATE_CCURL_SHIM_H
#define TOLLGATE_CCURL_SHIM_H

#include <curl/curl.h>
#include <netinet/in.h>
// The readiness calls libcurl's sockets wait with, absent from Swift's Glibc module.
#include <sys/epoll.h>
#include <sys/eventfd.h>

// Swift cannot call C variadics, so each setter of libcurl gets one typed wrapper per argument type.

typedef size_t (*ccurl_bytes_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, const void *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_url(CURL *easy, CURLU *url) {
    return curl_easy_setopt(easy, CURLOPT_CURLU, url);
}

static inline CURLcode ccurl_set_headers(CURL *easy, struct curl_slist *list) {
    return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
}

static inline CURLcode ccurl_set_write_callback(CURL *easy, ccurl_bytes_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, callback);
}

static inline CURLcode ccurl_set_header_callback(CURL *easy, ccurl_bytes_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, callback);
}

static inline CURLcode ccurl_set_prereq_callback(CURL *easy, curl_prereq_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, callback);
}

static inline CURLcode ccurl_set_open_socket_callback(CURL *easy, curl_opensocket_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, callback);
}

static inline CURLcode ccurl_set_close_socket_callback(CURL *easy, curl_closesocket_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, callback);
}

static inline CURLcode ccurl_set_debug_callback(CURL *easy, curl_debug_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, callback);
}

static inline CURLcode ccurl_set_tls_callback(CURL *easy, curl_ssl_ctx_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, callback);
}

static inline CURLcode ccurl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode ccurl_get_pointer(CURL *easy, CURLINFO info, void **value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode ccurl_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode ccurl_multi_set_socket_callback(CURLM *multi, curl_socket_callback callback) {
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
}

static inline CURLMcode ccurl_multi_set_timer_callback(CURLM *multi, curl_multi_timer_callback callback) {
    return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
}

// A socket's address: 4 or 16 bytes in network order, none for any other family.
static inline const void *ccurl_ip_bytes(const struct sockaddr *name, size_t length, long *count) {
    if (name->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        *count = 4;
        return &((const struct sockaddr_in *)(const void *)name)->sin_addr;
    }
    if (name->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
        *count = 16;
        return &((const struct sockaddr_in6 *)(const void *)name)->sin6_addr;
    }
    *count = 0;
    return NULL;
}

// The address libcurl is about to connect to.
static inline const void *ccurl_address_bytes(const struct curl_sockaddr *target, long *count) {
    return ccurl_ip_bytes(&target->addr, target->addrlen, count);
}

// OpenSSL's own; its headers are not needed for a few calls.
struct ssl_st;
struct ssl_ctx_st;
struct x509_store_st;
void ERR_clear_error(void);
int SSL_pending(const struct ssl_st *session);
void SSL_CTX_set1_cert_store(struct ssl_ctx_st *context, struct x509_store_st *store);
struct x509_store_st *X509_STORE_new(void);
void X509_STORE_free(struct x509_store_st *store);
int X509_STORE_set_flags(struct x509_store_st *store, unsigned long flags);
int X509_STORE_load_file(struct x509_store_st *store, const char *file);
int X509_STORE_load_path(struct x509_store_st *store, const char *path);

// Bytes that OpenSSL has decrypted and libcurl has not read yet; 0 without TLS. Only during the call.
static inline int ccurl_tls_pending(CURL *easy) {
    struct curl_tlssessioninfo *session = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || !session ||
        session->backend != CURLSSLBACKEND_OPENSSL || !session->internals) {
        return 0;
    }
    return SSL_pending((const struct ssl_st *)session->internals);
}

// X509_V_FLAG_TRUSTED_FIRST and X509_V_FLAG_PARTIAL_CHAIN, as libcurl sets them.
static inline unsigned long ccurl_trust_flags(void) { return 0x8000 | 0x80000; }

// Macros that Swift does not import.
static inline const curl_version_info_data *ccurl_version(void) { return curl_version_info(CURLVERSION_NOW); }
static inline long ccurl_global_all(void) { return CURL_GLOBAL_ALL; }
static inline curl_socket_t ccurl_socket_bad(void) { return CURL_SOCKET_BAD; }
static inline curl_socket_t ccurl_socket_timeout(void) { return CURL_SOCKET_TIMEOUT; }
static inline size_t ccurl_writefunc_pause(void) { return CURL_WRITEFUNC_PAUSE; }
static inline int ccurl_pause_none(void) { return CURLPAUSE_CONT; }
static inline int ccurl_select_in(void) { return CURL_CSELECT_IN; }
static inline int ccurl_select_out(void) { return CURL_CSELECT_OUT; }

#endif
