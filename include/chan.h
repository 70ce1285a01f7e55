/* SPDX-License-Identifier: ISC */
#ifndef CHAN_H
#define CHAN_H

#include <stdbool.h>
#include <stddef.h>

#include "msg.h"

struct loop;

/*
 * One end of a SOCK_SEQPACKET channel: a packet is a message or, between
 * mimd's processes, several.  Every message is checked against msg.def in
 * both directions before a handler sees it.
 */
#define CHAN_HIGH	(256U << 10)	/* queued bytes: chan_full() */
#define CHAN_LOW	(64U << 10)	/* ... until below this */
#define CHAN_MAX	(8U << 20)	/* queued bytes that break a channel */
#define CHAN_BURST	64		/* messages handled in one turn */
#define CHAN_BATCH	(16U << 10)	/* bytes of messages in a packet */

struct chan;

/*
 * The channel is of no more use: the other end closed it (why is NULL),
 * broke the rules, or did not read (why says how).  Free it here or later.
 */
typedef void (*chan_closed_fn)(struct chan *c, const char *why, void *arg);
/* The queue fell below CHAN_LOW after chan_full() had been true. */
typedef void (*chan_drain_fn)(struct chan *c, void *arg);
/* A message came that the table allows and fns has no handler for. */
typedef void (*chan_unhandled_fn)(struct chan *c, void *arg);

/*
 * Owns fd (made non-blocking).  fns: MSG_COUNT handlers, called with arg.
 * Both directions start in PHASE_SETUP if setup, else in PHASE_RUN.
 */
struct chan *chan_new(struct loop *loop, int fd, enum role self,
	    enum role other, bool setup, const union msg_fn *fns,
	    chan_closed_fn closed, void *arg);
void	 chan_on_drain(struct chan *c, chan_drain_fn drain);
/* Without it such a message breaks the rules. */
void	 chan_on_unhandled(struct chan *c, chan_unhandled_fn unhandled);
/* Safe inside handlers; unsent messages are lost. */
void	 chan_free(struct chan *c);	/* NULL is fine */

/*
 * Queue a message (a struct msg_* of that type).  A body out of its bounds
 * is a bug of ours and fatal.  The second form hands over fd.
 */
void	 chan_send(struct chan *c, enum msg_type type, const void *body);
void	 chan_send_fd(struct chan *c, enum msg_type type, const void *body,
	    int fd);
/* The same, but -1 if body does not fit into a packet. */
int	 chan_try(struct chan *c, enum msg_type type, const void *body);
/*
 * From begin to end (they nest) messages to mimd's other processes wait for
 * more that go into the same packet.  So it is, too, while a packet with
 * several messages is handled: what is told of thousands of torrents travels
 * in few.  A descriptor, or chan_try(), waits for nothing.
 */
void	 chan_batch_begin(void);
void	 chan_batch_end(void);
/* The descriptor of the message in hand; the caller owns it.  Once. */
int	 chan_take_fd(struct chan *c);
/* True from CHAN_HIGH on until CHAN_LOW: stop producing. */
bool	 chan_full(const struct chan *c);
bool	 chan_empty(const struct chan *c);
/* Do not read for now (back pressure), or read again. */
void	 chan_pause(struct chan *c, bool pause);
/* Send what can be sent now, without waiting for the loop. */
void	 chan_flush(struct chan *c);
/* A pair of ends, close-on-exec, SOCK_SEQPACKET; -1 and errno. */
int	 chan_pair(int fds[2]);

#endif /* CHAN_H */
