/* SPDX-License-Identifier: ISC */
#ifndef CONF_H
#define CONF_H

#include <sys/queue.h>

#include <net/if.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "addr.h"
#include "msg.h"

#define CONF_LISTENS_MAX	16
#define CONF_KEEP_AUTO		((uint64_t)INT64_MAX)
#define CONF_SIZE_MAX		(1U << 20)	/* bytes, all files together */
#define CONF_DEPTH_MAX		8U		/* include within include */
#define CONF_MACROS_MAX		256U
#define CONF_DHT_HOSTS_MAX	16
#define CONF_DHT_PORT		6881		/* of a host to begin from */
#define CONF_PORT_RANDOM	0		/* one of these, kept: */
#define CONF_RANDOM_FIRST	49152
#define CONF_RANDOM_LAST	65535
#define CONF_ERRORS_MAX		20U		/* printed before giving up */

struct conf_listen {
	char		*host;		/* numeric address, NULL for "*" */
	uint16_t	 port;		/* or CONF_PORT_RANDOM */
};

/* What all sockets are bound to; see bound.h. */
struct conf_bind {
	char		device[IF_NAMESIZE];	/* "": any */
	struct addr	addrs[2];		/* by BOUND_V4 and BOUND_V6 */
	bool		has_addr[2];
};

struct conf_socket {
	char	*path;
	gid_t	 gid;			/* (gid_t)-1: leave it */
	mode_t	 mode;
};

/* Bytes/s, 0: unlimited. */
struct conf_rate {
	uint64_t	up, down;
};

/* Peers that share a limit; struct conf has their addresses. */
struct conf_class {
	char			name[CLASS_NAME_MAX + 1];
	struct conf_rate	rate;
};

struct conf_proxy {
	uint8_t		 kind;			/* enum proxy_kind */
	char		*host;			/* a name or an address */
	uint16_t	 port;
	char		*user, *password;	/* or NULL */
};

struct conf_host {
	char		*host;			/* a name or an address */
	uint16_t	 port;
};

struct conf_filter {
	char	*path;
	bool	 allow;			/* exempts, else blocks */
};

/* The line that has a setting. */
struct conf_given {
	STAILQ_ENTRY(conf_given) entry;		/* conf::given */
	const char		*setting;	/* its words */
	char			*value;		/* if it has several, or NULL */
	char			*file;
	unsigned int		 line;
};

/* The settings of mimd.conf(5), defaults filled in. */
struct conf {
	STAILQ_HEAD(, conf_given) given;	/* in this order */
	struct conf_listen	 listens[CONF_LISTENS_MAX];
	uint32_t		 nlistens;
	struct conf_bind	 bind;
	struct conf_proxy	 proxies[PROXY_USES];
	uint16_t		 announce_port;	/* 0: as we listen */
	bool			 mapping[PORTMAP_METHODS]; /* may be used */
	struct addr		 router;	/* by it; port 0: the usual */
	char			*roots[ROOTS_MAX];	/* absolute */
	uint8_t			 root_devices[ROOTS_MAX]; /* DEVICE_* */
	uint32_t		 nroots;	/* the first is the default */
	uint32_t		 nnamed;	/* roots the file names so */
	char			*incomplete;	/* directory, or NULL */
	char			*complete;	/* "on complete move to" */
	char			*state_dir;
	struct conf_socket	 socket;
	struct conf_socket	 restricted;	/* path NULL: none */
	uint64_t		 cache;		/* bytes, multiple of a slot */
	uint32_t		 max_peers;
	uint32_t		 max_peers_torrent;
	uint8_t			 encryption;	/* ENCRYPTION_* */
	struct conf_rate	 rate;		/* of all peers together */
	struct conf_rate	 rate_peer;	/* of each */
	struct conf_class	 classes[RATE_CLASSES_MAX];
	uint32_t		 nclasses;
	struct rec_rate_prefix	 prefixes[PREFIXES_MAX];
	uint32_t		 nprefixes;
	struct conf_filter	 filters[FILTERS_MAX];
	uint32_t		 nfilters;
	char			*ca_file;	/* NULL: the system's */
	uint64_t		 page_cache;	/* bytes, 0: as memory is */
	uint32_t		 scrub;		/* seconds, 0: never */
	uint32_t		 announce_rate;	/* a second, 0: unlimited */
	bool			 announce_first;	/* "tiers first" */
	bool			 allow_local;	/* "allow local trackers" */
	struct rec_prefix	 local[LOCAL_PREFIXES_MAX]; /* ... of these */
	uint32_t		 nlocal;
	bool			 pex, lsd;	/* "pex yes", "lsd yes" */
	bool			 dht;		/* "dht yes" */
	bool			 dht_read_only;
	bool			 dht_own_hosts;	/* not those built in */
	uint32_t		 dht_rate;	/* packets/s, 0: unlimited */
	struct conf_host	 dht_hosts[CONF_DHT_HOSTS_MAX];
	uint32_t		 ndht_hosts;	/* to begin from */
	bool			 allocate;	/* "allocate full" */
	bool			 write_shared;	/* "write shared files yes" */
	uint64_t		 keep_free;	/* CONF_KEEP_AUTO: "auto" */
	bool			 relaxed;	/* "sandbox relaxed" */
};

/*
 * Read path over the defaults for root or an ordinary user.  NULL path: only
 * the defaults.  macros: "name=value" strings of -D.  Errors are printed,
 * one line each, as "file:line: what is wrong near word"; NULL if any.
 */
struct conf	*conf_read(const char *path, char *const *macros,
		    int nmacros);
/* The same from memory; name stands for the file in errors. */
struct conf	*conf_read_buffer(const char *name, const char *data,
		    size_t len, char *const *macros, int nmacros);
void		 conf_free(struct conf *conf);
/* Print it in its own grammar, defaults included. */
void		 conf_print(const struct conf *conf, FILE *fp);
/* A quoted string as the lexer reads it back. */
void		 conf_print_quoted(const char *s, FILE *fp);

/*
 * conf_given.c: where a setting was given; NULL if nowhere.  value: that of
 * one with several, else NULL.
 */
const struct conf_given *conf_given(const struct conf *conf,
		    const char *setting, const char *value);
void		 conf_give(struct conf *conf, const char *setting,
		    const char *value, const char *file, unsigned int line);
void		 conf_given_clear(struct conf *conf);
/*
 * "file:line: setting "path": why", without the place of what was not given.
 */
void		 conf_path_error(const struct conf *conf, const char *setting,
		    const char *path, const char *why, char *err,
		    size_t errsize);

/* ---- between conf*.c, parse.y and lex.c ---- */

/* What a line of rates sets; -1: nothing. */
struct rates {
	int64_t	up, down;
};

/*
 * Parse into conf: zero, but for what is on by default.  data NULL: read the
 * file called name.  Returns -1 if an error was printed.
 */
int		 conf_parse(struct conf *conf, const char *name,
		    const char *data, size_t len, char *const *macros,
		    int nmacros);
/*
 * Checks of single values.  They return NULL, or what is wrong in a few
 * words, to be followed by the word.
 */

/* conf_files.c */
const char	*conf_check_path(const char *path);
const char	*conf_check_socket(const char *path);
const char	*conf_set_path(char **where, const char *path);
const char	*conf_set_socket(struct conf_socket *s, const char *path);
const char	*conf_find_group(const char *name, gid_t *gid);
const char	*conf_find_mode(int64_t digits, mode_t *mode);
const char	*conf_add_root(struct conf *conf, const char *path,
		    uint8_t device);
const char	*conf_add_filter(struct conf *conf, const char *path,
		    bool allow);
const char	*conf_set_cache(struct conf *conf, int64_t bytes);
const char	*conf_set_page_cache(struct conf *conf, int64_t bytes);
const char	*conf_set_keep_free(struct conf *conf, int64_t bytes);
/* "30d": days; also w, h, m and s. */
const char	*conf_set_period(uint32_t *where, const char *text);

/* conf_net.c */
const char	*conf_check_port(int64_t port);
const char	*conf_add_listen(struct conf *conf, const char *host,
		    uint16_t port);
const char	*conf_set_device(struct conf *conf, const char *name);
const char	*conf_add_bind(struct conf *conf, const char *host);
const char	*conf_set_router(struct conf *conf, const char *host);
const char	*conf_set_peers(uint32_t *where, int64_t n);
const char	*conf_set_rate(uint64_t *where, int64_t n);
void		 conf_set_rates(struct conf_rate *where, struct rates rates);
const char	*conf_set_announce_rate(struct conf *conf, int64_t n);
/* "10.0.0.0/8", "2001:db8::/32" or an address. */
const char	*conf_add_local(struct conf *conf, const char *text);
const char	*conf_add_class(struct conf *conf, const char *name);
/*
 * A prefix like that, of the class with this number counted from 1, or of
 * RATE_CLASS_EXEMPT.
 */
const char	*conf_add_prefix(struct conf *conf, uint32_t class,
		    const char *text);

/* conf_dht.c: what is on by default; then, what the file did not say. */
void		 conf_dht_begin(struct conf *conf);
void		 conf_dht_defaults(struct conf *conf);
const char	*conf_dht_set_rate(struct conf *conf, int64_t n);
const char	*conf_dht_add_host(struct conf *conf, const char *host,
		    uint16_t port);
/* Begin from none: those so far are forgotten. */
void		 conf_dht_no_hosts(struct conf *conf);
void		 conf_dht_print(const struct conf *conf, FILE *fp);

/* conf_proxy.c; user and password NULL: none. */
const char	*conf_proxy_make(struct conf_proxy *p, const char *kind,
		    const char *where);
const char	*conf_proxy_login(struct conf_proxy *p, const char *user,
		    const char *password);
/* For these uses (bits 1U << PROXY_x). */
const char	*conf_proxy_use(struct conf *conf, const struct conf_proxy *p,
		    unsigned int uses);
void		 conf_proxy_clear(struct conf_proxy *p);
void		 conf_proxy_print(const struct conf *conf, FILE *fp);

#endif /* CONF_H */
