/* SPDX-License-Identifier: ISC */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "msg.h"

#define CONF_LISTENS_MAX	16

struct conf_listen {
	char		*host;		/* numeric address, NULL for "*" */
	uint16_t	 port;
};

struct conf_socket {
	char	*path;
	gid_t	 gid;			/* (gid_t)-1: leave it */
	mode_t	 mode;
};

/* The settings of mimd.conf(5), defaults filled in. */
struct conf {
	struct conf_listen	 listens[CONF_LISTENS_MAX];
	uint32_t		 nlistens;
	char			*roots[ROOTS_MAX];	/* absolute */
	uint32_t		 nroots;	/* the first is the default */
	char			*state_dir;
	struct conf_socket	 socket;
	struct conf_socket	 restricted;	/* path NULL: none */
	uint64_t		 cache;		/* bytes, multiple of a slot */
	uint32_t		 max_peers;
	uint32_t		 max_peers_torrent;
	char			*ca_file;	/* NULL: the system's */
	bool			 allow_local;	/* "allow local trackers" */
	bool			 relaxed;	/* "sandbox relaxed" */
};

/*
 * Read path over the defaults for root or an ordinary user.  NULL path: only
 * the defaults.  macros: "name=value" strings of -D.  Errors are printed,
 * one line each, as "file:line: what is wrong near word"; NULL if any.
 */
struct conf	*conf_read(const char *path, char *const *macros,
		    int nmacros);
void		 conf_free(struct conf *conf);
/* Print it in its own grammar, defaults included. */
void		 conf_print(const struct conf *conf, FILE *fp);

#endif /* CONF_H */
