/* SPDX-License-Identifier: ISC */
#ifndef TRACKER_SERVER_H
#define TRACKER_SERVER_H

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A small tracker over HTTP and HTTPS, which answers as the path says. */

/* Shared with the process that serves. */
static struct server {
	int		 fd, tls_fd;
	uint16_t	 port, tls_port;
	atomic_uint	 started, stopped, completed, requests;
	atomic_bool	 mute_stopped;
	char		 ca[64];
} *server;
static pid_t	server_pid;
static SSL_CTX	*server_ctx;

static const char	good[] =
	    "d8:completei7e10:incompletei2e8:intervali1800e"
	    "5:peers12:\x0a\x00\x00\x01\x1a\xe1\x0a\x00\x00\x02\x1a\xe2" "e";
#define GOOD_LEN	(sizeof(good) - 1)

struct stream {
	int	 fd;
	SSL	*ssl;
};

static inline bool
put(struct stream *s, const void *p, size_t n)
{
	if (s->ssl != NULL)
		return SSL_write(s->ssl, p, (int)n) > 0;
	return send(s->fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static inline void
reply(struct stream *s, const char *status, const char *headers,
    const void *body, size_t n)
{
	char	head[512];

	snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n"
	    "Connection: close\r\n\r\n", status, headers, n);
	put(s, head, strlen(head));
	put(s, body, n);
}

static inline void
reply_gzip(struct stream *s)
{
	/* good[], through gzip */
	static const uint8_t	packed[] = {
		0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
		0x4b, 0xb1, 0xb0, 0x4a, 0xce, 0xcf, 0x2d, 0xc8, 0x49, 0x2d,
		0x49, 0xcd, 0x34, 0x4f, 0x35, 0x34, 0xb0, 0xca, 0xcc, 0x83,
		0xf3, 0x8d, 0x52, 0x2d, 0x80, 0xdc, 0x92, 0xd4, 0xa2, 0xb2,
		0xc4, 0x9c, 0x4c, 0x43, 0x0b, 0x03, 0x83, 0x54, 0x53, 0xab,
		0x82, 0xd4, 0xd4, 0xa2, 0x62, 0x43, 0x23, 0x2b, 0x2e, 0x06,
		0x06, 0x46, 0xa9, 0x87, 0x40, 0x92, 0x49, 0xea, 0x51, 0x2a,
		0x00, 0x62, 0x0e, 0xe3, 0x3a, 0x45, 0x00, 0x00, 0x00,
	};

	reply(s, "200 OK", "Content-Encoding: gzip\r\n", packed,
	    sizeof(packed));
}

static inline void
reply_endless(struct stream *s)
{
	char	buf[8192];

	memset(buf, 'x', sizeof(buf));
	put(s, "HTTP/1.1 200 OK\r\n\r\n", 19);
	while (put(s, buf, sizeof(buf)))
		;
}

static inline void
serve(struct stream *s, const char *req)
{
	static const char	seen[] = "d11:external ip4:\xcb\0\x71\5"
				    "8:intervali1800ee";
	static const char	fail[] = "d14:failure reason8:go away!e";
	static const char	html[] = "<html>hello</html>";

	atomic_fetch_add(&server->requests, 1);
	if (strstr(req, "event=stopped") != NULL) {
		atomic_fetch_add(&server->stopped, 1);
		if (atomic_load(&server->mute_stopped))
			sleep(20);
	}
	if (strstr(req, "event=started") != NULL)
		atomic_fetch_add(&server->started, 1);
	if (strstr(req, "event=completed") != NULL)
		atomic_fetch_add(&server->completed, 1);
	if (strstr(req, "GET /ok") == req)
		reply(s, "200 OK", "", good, GOOD_LEN);
	else if (strstr(req, "GET /seen") == req)
		reply(s, "200 OK", "", seen, sizeof(seen) - 1);
	else if (strstr(req, "GET /moved") == req)
		reply(s, "302 Found", "Location: /ok/there?a=1\r\n", "", 0);
	else if (strstr(req, "GET /round") == req)
		reply(s, "302 Found", "Location: /round\r\n", "", 0);
	else if (strstr(req, "GET /ftp") == req)
		reply(s, "302 Found", "Location: ftp://h.test/\r\n", "", 0);
	else if (strstr(req, "GET /html") == req)
		reply(s, "200 OK", "", html, sizeof(html) - 1);
	else if (strstr(req, "GET /refuse") == req)
		reply(s, "400 Bad Request", "", fail, sizeof(fail) - 1);
	else if (strstr(req, "GET /gzip") == req)
		reply_gzip(s);
	else if (strstr(req, "GET /endless") == req)
		reply_endless(s);
	else if (strstr(req, "GET /garbage") == req)
		put(s, "\1\2\3\4garbage\n\n\n", 14);
	else if (strstr(req, "GET /never") == req)
		sleep(60);
	else
		reply(s, "404 Not Found", "", "", 0);
}

static inline void *
connection(void *arg)
{
	struct stream	*s = arg;
	char		 req[4096];
	int		 n = -1;

	if (s->ssl == NULL)
		n = (int)recv(s->fd, req, sizeof(req) - 1, 0);
	else if (SSL_accept(s->ssl) == 1)
		n = SSL_read(s->ssl, req, sizeof(req) - 1);
	if (n > 0) {
		req[n] = '\0';
		serve(s, req);
	}
	SSL_free(s->ssl);
	close(s->fd);
	free(s);
	return NULL;
}

static inline void *
acceptor(void *arg)
{
	bool		 tls = arg != NULL;
	struct stream	*s;
	pthread_t	 thread;
	int		 fd;

	while ((fd = accept(tls ? server->tls_fd : server->fd, NULL, NULL)) !=
	    -1) {
		s = calloc(1, sizeof(*s));
		s->fd = fd;
		if (tls) {
			s->ssl = SSL_new(server_ctx);
			SSL_set_fd(s->ssl, fd);
		}
		pthread_create(&thread, NULL, connection, s);
		pthread_detach(thread);
	}
	return NULL;
}

static inline int
listener(uint16_t *port)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len = sizeof(sin);
	int			fd;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(fd, 64), 0);
	getsockname(fd, (struct sockaddr *)&sin, &len);
	*port = ntohs(sin.sin_port);
	return fd;
}

/* A self-signed certificate for good.test, trusted by the child. */
static inline void
make_certificate(void)
{
	EVP_PKEY	*key = EVP_EC_gen("P-256");
	X509		*x = X509_new();
	X509_NAME	*name = X509_get_subject_name(x);
	X509_EXTENSION	*ext;
	FILE		*fp;
	int		 fd;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"good.test", -1, -1, 0);
	X509_set_issuer_name(x, name);
	ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
	    "DNS:good.test");
	X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);

	strlcpy(server->ca, "/tmp/mim-test-ca.XXXXXXXX", sizeof(server->ca));
	fd = mkstemp(server->ca);
	assert_int_not_equal(fd, -1);
	fp = fdopen(fd, "w");
	PEM_write_X509(fp, x);
	fclose(fp);
	server_ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(server_ctx, x);
	SSL_CTX_use_PrivateKey(server_ctx, key);
	X509_free(x);
	EVP_PKEY_free(key);
}

/* A process of its own: those who fork must have no threads. */
static inline void
serve_all(void)
{
	pthread_t	plain, tls;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_create(&plain, NULL, acceptor, NULL);
	pthread_create(&tls, NULL, acceptor, server);
	pthread_join(plain, NULL);
	pthread_join(tls, NULL);
	_exit(0);
}

static inline int
server_set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	server = mmap(NULL, sizeof(*server), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(server, MAP_FAILED);
	make_certificate();
	server->fd = listener(&server->port);
	server->tls_fd = listener(&server->tls_port);
	if ((server_pid = fork()) == 0)
		serve_all();
	return 0;
}

static inline int
server_tear_down(void **state)
{
	(void)state;
	kill(server_pid, SIGKILL);
	waitpid(server_pid, NULL, 0);
	unlink(server->ca);
	SSL_CTX_free(server_ctx);
	munmap(server, sizeof(*server));
	return 0;
}

#endif /* TRACKER_SERVER_H */
