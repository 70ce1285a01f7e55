/* SPDX-License-Identifier: ISC */
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bound.h"
#include "castore.h"
#include "guard.h"
#include "library.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "proxy.h"
#include "proxied.h"
#include "transfer.h"
#include "transfer_words.h"

#define SSL_CALLS(X)							\
	X(OPENSSL_init_ssl)						\
	X(SSL_CTX_free)							\
	X(SSL_CTX_new)							\
	X(SSL_CTX_set1_cert_store)					\
	X(TLS_client_method)
LIBRARY_TABLE(ssl, SSL_CALLS);

#define CRYPTO_CALLS(X)							\
	X(ERR_clear_error)						\
	X(RAND_bytes)
LIBRARY_TABLE(crypto, CRYPTO_CALLS);

#define CONNECT_TIMEOUT	15000L	/* ms, shared among the addresses */
#define CONNS_MAX	32L	/* connections kept open for the next time */
#define SINK_BUFFER	(64L << 10)	/* read at once */
#define BODY_FIRST	4096U	/* bytes */

/* libcurl's multi handle on our loop. */
struct fetcher {
	struct loop		*loop;
	CURLM			*multi;
	struct loop_timer	*timer;
	struct castore		*castore;
	const struct guard	*guard;
	hop_end_fn		 end;
	void			*arg;
	CURL			*spare[HTTP_ACTIVE_MAX];
	unsigned int		 nspare;
};

#define CHECK(call)	do {						\
	if ((call) != 0)						\
		fatalx("libcurl refuses %s", #call);			\
} while (0)

static int	 on_socket(CURL *, curl_socket_t, int, void *, void *);
static int	 on_timer(CURLM *, long, void *);
static void	 on_loop_timer(void *);
static size_t	 on_body(char *, size_t, size_t, void *);
static size_t	 on_header(char *, size_t, size_t, void *);
static curl_socket_t	on_open_socket(void *, curlsocktype,
		    struct curl_sockaddr *);
static int	 on_resolve(void *, void *, void *);
static CURLcode	 on_ssl_ctx(CURL *, void *, void *);

/* ---- libcurl on the loop ---- */

/* Have libraries do now what they would open files for later. */
static void
warm(struct fetcher *f)
{
	unsigned char	c;

	tzset();
	curl_late_load();
	LIBRARY_LOAD(LIBRARY_SSL, ssl, SSL_CALLS);
	LIBRARY_LOAD(LIBRARY_CRYPTO, crypto, CRYPTO_CALLS);
	transfer_words_load();
	CHECK(curl_global_init(CURL_GLOBAL_DEFAULT));
	ssl.OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS |
	    OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_LOAD_CONFIG, NULL);
	if (crypto.RAND_bytes(&c, 1) != 1)
		fatalx("RAND_bytes");
	/* The first context fetches the algorithms from the provider. */
	ssl.SSL_CTX_free(ssl.SSL_CTX_new(ssl.TLS_client_method()));
	crypto.ERR_clear_error();
	if ((f->multi = curl_multi_init()) == NULL)
		fatalx("curl_multi_init");
	curl_easy_cleanup(curl_easy_init());
}

struct fetcher *
fetcher_new(struct loop *loop, const char *ca_file,
    const struct guard *guard, hop_end_fn end, void *arg)
{
	struct fetcher	*f = xcalloc(1, sizeof(*f));

	f->loop = loop;
	f->guard = guard;
	f->end = end;
	f->arg = arg;
	warm(f);
	f->castore = castore_new(ca_file);
	f->timer = loop_timer_new(loop, on_loop_timer, f);
	CHECK(curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, on_socket));
	CHECK(curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f));
	CHECK(curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, on_timer));
	CHECK(curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f));
	CHECK(curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, CONNS_MAX));
	return f;
}

static void	on_done(struct fetcher *, struct transfer *, CURLcode);

static void
act(struct fetcher *f, curl_socket_t fd, int what)
{
	struct transfer	*t;
	CURLMsg		*m;
	CURLcode	 code;
	int		 n;

	curl_multi_socket_action(f->multi, fd, what, &n);
	while ((m = curl_multi_info_read(f->multi, &n)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		code = m->data.result;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		on_done(f, t, code);
	}
}

static void
on_loop_timer(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void
on_loop_io(int fd, int what, void *arg)
{
	act(arg, fd, (what & LOOP_READ ? CURL_CSELECT_IN : 0) |
	    (what & LOOP_WRITE ? CURL_CSELECT_OUT : 0));
}

static int
on_timer(CURLM *multi, long ms, void *arg)
{
	struct fetcher	*f = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_clear(f->timer);
	else
		loop_timer_set(f->timer, (uint64_t)ms);
	return 0;
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *sockp)
{
	struct fetcher	*f = arg;
	struct loop_io	*io = sockp;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		loop_io_free(io);
		curl_multi_assign(f->multi, fd, NULL);
		return 0;
	}
	if (io == NULL) {
		io = loop_io_new(f->loop, fd, on_loop_io, f);
		curl_multi_assign(f->multi, fd, io);
	}
	loop_io_want(io, (what & CURL_POLL_IN ? LOOP_READ : 0) |
	    (what & CURL_POLL_OUT ? LOOP_WRITE : 0));
	return 0;
}

/* A handle with all that does not depend on the transfer. */
static CURL *
easy_new(struct fetcher *f)
{
	CURL	*e;

	if ((e = curl_easy_init()) == NULL)
		fatalx("curl_easy_init");
	CHECK(curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L));
	CHECK(curl_easy_setopt(e, CURLOPT_NOPROGRESS, 1L));
	CHECK(curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https"));
	CHECK(curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L));
	CHECK(curl_easy_setopt(e, CURLOPT_USERAGENT, "mim/" MIM_VERSION));
	/* Announces gain nothing from HTTP/2. */
	CHECK(curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1));
	CHECK(curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
	    CONNECT_TIMEOUT));
	CHECK(curl_easy_setopt(e, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2));
	CHECK(curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L));
	CHECK(curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L));
	CHECK(curl_easy_setopt(e, CURLOPT_CAINFO, NULL));
	CHECK(curl_easy_setopt(e, CURLOPT_CAPATH, NULL));
	CHECK(curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx));
	CHECK(curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, f));
	CHECK(curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body));
	CHECK(curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header));
	CHECK(curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION,
	    on_open_socket));
	CHECK(curl_easy_setopt(e, CURLOPT_RESOLVER_START_FUNCTION,
	    on_resolve));
	proxied_set(e);
	return e;
}

static void
easy_bind(CURL *e, struct transfer *t)
{
	CHECK(curl_easy_setopt(e, CURLOPT_PRIVATE, t));
	CHECK(curl_easy_setopt(e, CURLOPT_WRITEDATA, t));
	CHECK(curl_easy_setopt(e, CURLOPT_HEADERDATA, t));
	CHECK(curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t));
	CHECK(curl_easy_setopt(e, CURLOPT_RESOLVER_START_DATA, t));
	CHECK(curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error));
	CHECK(curl_easy_setopt(e, CURLOPT_RESOLVE, t->pins));
	CHECK(curl_easy_setopt(e, CURLOPT_RANGE,
	    t->range[0] != '\0' ? t->range : NULL));
	CHECK(curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING,
	    t->sink != NULL ? NULL : "gzip, deflate"));
	CHECK(curl_easy_setopt(e, CURLOPT_BUFFERSIZE,
	    t->sink != NULL ? SINK_BUFFER : (long)CURL_MAX_WRITE_SIZE));
}

/* The handle back to the shelf; a transfer under way is broken off. */
static void
easy_release(struct transfer *t)
{
	struct fetcher	*f = t->fetcher;

	if (t->easy == NULL)
		return;
	curl_multi_remove_handle(f->multi, t->easy);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(t->easy, CURLOPT_RESOLVE, NULL);
	if (f->nspare < HTTP_ACTIVE_MAX)
		f->spare[f->nspare++] = t->easy;
	else
		curl_easy_cleanup(t->easy);
	t->easy = NULL;
	curl_slist_free_all(t->pins);
	t->pins = NULL;
}

/* ---- addresses ---- */

static const char *
refusal(const struct transfer *t, const struct addr *a)
{
	if (t->redirects > 0 && t->origin_global &&
	    addr_class(a) != ADDR_GLOBAL)
		return "redirect from a public to a local address refused";
	return guard_refuses(t->fetcher->guard, a);
}

static bool
wants_family(const struct transfer *t, const struct addr *a)
{
	return t->req->family == AF_UNSPEC ||
	    (t->req->family == AF_INET) == addr_is_v4(a);
}

/* The last gate: what is really connected to. */
static curl_socket_t
on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *sa)
{
	struct transfer	*t = arg;
	struct addr	 a;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    addr_from_sockaddr(&a, &sa->addr) == -1 ||
	    !(proxy_used() ? proxy_is_at(&a) : wants_family(t, &a)))
		return CURL_SOCKET_BAD;
	if (!proxy_used() && (t->refused = refusal(t, &a)) != NULL)
		return CURL_SOCKET_BAD;
	return bound_socket(sa->family, sa->socktype, sa->protocol);
}

/* Called before libcurl resolves: it may turn numbers into addresses. */
static int
on_resolve(void *state, void *reserved, void *arg)
{
	const struct transfer	*t = arg;

	(void)state;
	(void)reserved;
	return t->numeric && !proxy_used() ? 0 : 1;
}

/*
 * The proxy resolves names: an address in the URL is all that can be judged,
 * and the family is the proxy's choice.  A redirect from a name to an address
 * of a private network is one from a public host.
 */
static const char *
judge_unseen(struct transfer *t)
{
	struct addr	a;

	if (addr_parse(&a, t->url.host, t->url.port) == -1) {
		t->absent = t->req->family == AF_INET6;
		if (t->redirects == 0)
			t->origin_global = true;
		return t->absent ? "the proxy has one address" : NULL;
	}
	if (!wants_family(t, &a)) {
		t->absent = true;
		return t->req->family == AF_INET ? "no IPv4 address" :
		    "no IPv6 address";
	}
	if (t->redirects == 0)
		t->origin_global = addr_class(&a) == ADDR_GLOBAL;
	return refusal(t, &a);
}

/* "host:port:address,address" of the addresses that may be used. */
static const char *
pin(struct transfer *t, const struct addr *addrs, unsigned int n)
{
	char		 line[URL_HOST_MAX + 16 +
			    HOST_ADDRS_MAX * (ADDR_STRLEN + 3)];
	char		 host[ADDR_STRLEN];
	const char	*why = NULL, *r;
	unsigned int	 i, kept = 0;
	bool		 global = true;
	size_t		 len;

	len = (size_t)snprintf(line, sizeof(line), "%s:%u:", t->url.host,
	    t->url.port);
	for (i = 0; i < n && i < HOST_ADDRS_MAX; i++) {
		if (!wants_family(t, &addrs[i]))
			continue;
		if ((r = refusal(t, &addrs[i])) != NULL) {
			why = r;
			continue;
		}
		if (addr_class(&addrs[i]) != ADDR_GLOBAL)
			global = false;
		addr_host(&addrs[i], host);
		len += (size_t)snprintf(line + len, sizeof(line) - len,
		    addr_is_v4(&addrs[i]) ? "%s%s" : "%s[%s]",
		    kept++ > 0 ? "," : "", host);
	}
	if (kept == 0) {
		t->absent = why == NULL;
		return why != NULL ? why : t->req->family == AF_INET ?
		    "no IPv4 address" : "no IPv6 address";
	}
	if (t->redirects == 0)
		t->origin_global = global;
	if (!t->numeric && (t->pins = curl_slist_append(NULL, line)) == NULL)
		fatalx("curl_slist_append");
	return NULL;
}

/* NULL, or why nothing can be fetched; t->pins are made. */
static const char *
find_way(struct transfer *t, const struct addr *addrs, unsigned int n)
{
	const char	*why;

	if (!proxy_used())
		return pin(t, addrs, n);
	if ((why = judge_unseen(t)) != NULL ||
	    (why = proxy_refuses()) != NULL)
		return why;
	t->pins = proxied_pin();
	return NULL;
}

/* ---- transfers ---- */

struct transfer *
transfer_new(struct fetcher *f, struct http_req *req)
{
	struct transfer	*t = xcalloc(1, sizeof(*t));

	t->fetcher = f;
	t->req = req;
	return t;
}

void
transfer_free(struct transfer *t)
{
	easy_release(t);
	loop_timer_free(t->deadline);
	free(t->body);
	free(t);
}

const char *
transfer_check_url(const struct transfer *t)
{
	bool	tls = strcmp(t->url.scheme, "https") == 0;

	if (!tls && strcmp(t->url.scheme, "http") != 0)
		return "not http or https";
	if (tls && castore_get(t->fetcher->castore) == NULL)
		return "no certificates to check https with";
	return NULL;
}

const char *
transfer_go(struct transfer *t, const struct addr *addrs, unsigned int n)
{
	struct fetcher	*f = t->fetcher;
	struct addr	 a;
	char		 url[HTTP_URL_MAX + URL_HOST_MAX + 32];
	const char	*why;

	t->numeric = addr_parse(&a, t->url.host, 1) == 0;
	if (url_format(&t->url, url, sizeof(url)) == -1)
		return "URL too long";
	if ((why = find_way(t, addrs, n)) != NULL)
		return why;
	t->status = 0;
	t->len = t->headers = 0;
	t->redirect[0] = t->error[0] = '\0';
	t->refused = NULL;
	t->easy = f->nspare > 0 ? f->spare[--f->nspare] : easy_new(f);
	easy_bind(t->easy, t);
	/* Nor is a connection to the other family used again. */
	CHECK(curl_easy_setopt(t->easy, CURLOPT_IPRESOLVE,
	    (long)(proxy_used() ? CURL_IPRESOLVE_WHATEVER :
	    t->req->family == AF_INET ? CURL_IPRESOLVE_V4 :
	    t->req->family == AF_INET6 ? CURL_IPRESOLVE_V6 :
	    CURL_IPRESOLVE_WHATEVER)));
	CHECK(curl_easy_setopt(t->easy, CURLOPT_URL, url));
	if (curl_multi_add_handle(f->multi, t->easy) != CURLM_OK)
		fatalx("curl_multi_add_handle");
	return NULL;
}

void
transfer_resume(struct transfer *t)
{
	if (t->easy != NULL)
		curl_easy_pause(t->easy, CURLPAUSE_CONT);
}

long
transfer_status(struct transfer *t)
{
	if (t->easy != NULL)
		curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE,
		    &t->status);
	return t->status;
}

const char *
transfer_redirect(struct transfer *t)
{
	struct url	 next;
	const char	*why;

	if (++t->redirects > HTTP_REDIRECTS_MAX)
		return "too many redirects";
	if (url_join(&next, &t->url, t->redirect, &why) == -1)
		return "redirect to a bad URL";
	if (url_default_port(next.scheme) == 0)
		return "redirect to a URL that is not http or https";
	if (strcmp(t->url.scheme, "https") == 0 &&
	    strcmp(next.scheme, "https") != 0)
		return "redirect from https to http refused";
	/* A tracker is not found there, but other services are. */
	if (next.port < 1024 && next.port != 80 && next.port != 443)
		return "redirect to a privileged port refused";
	t->url = next;
	return NULL;
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct transfer	*t = arg;

	n *= size;
	if (t->sink != NULL)
		return t->sink->body(t, (const uint8_t *)p, n);
	if (n > HTTP_BODY_MAX - t->len) {
		t->too_large = true;
		return 0;
	}
	if (t->len + n > t->size) {
		t->size = t->size == 0 ? BODY_FIRST : t->size * 2;
		if (t->size < t->len + n)
			t->size = t->len + n;
		t->body = xreallocarray(t->body, t->size, 1);
	}
	memcpy(t->body + t->len, p, n);
	t->len += n;
	return n;
}

static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	static const char	 name[] = "location:";
	struct transfer		*t = arg;
	size_t			 len;

	n *= size;
	t->headers += n;
	if (t->headers > HTTP_HEADER_MAX) {
		t->too_large = true;
		return 0;
	}
	if (t->sink != NULL)
		t->sink->header(t, p, n);
	if (n < sizeof(name) - 1 ||
	    strncasecmp(p, name, sizeof(name) - 1) != 0)
		return n;
	p += sizeof(name) - 1;
	len = n - (sizeof(name) - 1);
	while (len > 0 && isspace((unsigned char)*p)) {
		p++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)p[len - 1]))
		len--;
	if (len < sizeof(t->redirect) && memchr(p, '\0', len) == NULL) {
		memcpy(t->redirect, p, len);
		t->redirect[len] = '\0';
	}
	return n;
}

static CURLcode
on_ssl_ctx(CURL *easy, void *ctx, void *arg)
{
	struct fetcher	*f = arg;

	(void)easy;
	ssl.SSL_CTX_set1_cert_store(ctx, castore_get(f->castore));
	return CURLE_OK;
}

/* ---- the end ---- */

/* A proxy's address says nothing of who speaks through it. */
static void
note_address(struct transfer *t)
{
	const char	*host = NULL;

	memset(&t->from, 0, sizeof(t->from));
	if (!proxy_used() && curl_easy_getinfo(t->easy, CURLINFO_PRIMARY_IP,
	    &host) == CURLE_OK && host != NULL)
		addr_parse(&t->from, host, t->url.port);
}

static void
on_done(struct fetcher *f, struct transfer *t, CURLcode code)
{
	const char	*error = NULL;

	note_address(t);
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->status);
	if (code != CURLE_OK)
		error = transfer_error_text(t, code);
	else if (proxy_used())
		proxy_worked();
	if (t->status < 300 || t->status > 399)
		t->redirect[0] = '\0';
	easy_release(t);
	if (t->sink != NULL)
		t->sink->end(t, error);
	else
		f->end(t, error, f->arg);
}
