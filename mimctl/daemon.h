/* SPDX-License-Identifier: ISC */
#ifndef DAEMON_H
#define DAEMON_H

#include "msg.h"

struct client;
struct mimctl;

/* How long to wait for each message of an answer. */
#define DAEMON_MS	10000		/* from the parent's memory */
#define DAEMON_DISK_MS	120000		/* where disk has a word in it */

/* A message of an answer, other than notes and the end. */
typedef void (*daemon_fn)(const struct msg_in *in, void *arg);

/*
 * Connect to mimd: -s, else $MIMD_SOCKET, else the usual places.  Returns
 * CTL_OK, or the exit status after saying what failed.
 */
int	daemon_connect(const struct mimctl *ctx, struct client **client);
/*
 * Send a request and hand every message of its answer to fn (may be NULL).
 * Notes are printed.  Returns the code of the answer, whose text has been
 * printed if it failed, after about (unless NULL) that tells what for.
 */
int	daemon_ask(struct client *client, enum msg_type type,
	    const void *body, int fd, int timeout_ms, const char *about,
	    daemon_fn fn, void *arg);
/* Its two halves, for who has other work meanwhile. */
int	daemon_send(struct client *client, enum msg_type type,
	    const void *body, int fd);
int	daemon_answer(struct client *client, int timeout_ms,
	    const char *about, daemon_fn fn, void *arg);
/* Connect, ask what mimd knows by itself, disconnect. */
int	daemon_query(const struct mimctl *ctx, enum msg_type type,
	    const void *body, daemon_fn fn, void *arg);
/* The same for requests whose answer is its end alone. */
int	daemon_tell(const struct mimctl *ctx, enum msg_type type,
	    const void *body);

#endif /* DAEMON_H */
