/* http/tls.h - what connections need of OpenSSL's server contexts; see engine.h for making one. */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

struct ssl_st; /* OpenSSL's SSL */
struct tls_context;

/* A session for the accepted socket `fd`; NULL: no memory. Any thread. */
struct ssl_st *tls_context_session(struct tls_context *context, int fd);

#endif
