/* SPDX-License-Identifier: ISC */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "chan.h"
#include "loop.h"
#include "role.h"

/*
 * The children: start, watch, restart.  A child is a fresh exec of this very
 * binary (also when the file was replaced meanwhile) with a role word, a
 * clean environment and one channel.
 */

#define PROC_READY_MS		60000	/* to seal itself and say ready */
#define PROC_LEAVE_MS		10000	/* to end when asked to */
#define PROC_LAST_WORDS_MS	1000	/* to read what a dead child said */
#define PROC_STDERR_MAX		65536	/* bytes logged of a child's life */
#define PROC_STABLE_MS		60000	/* of life forgive earlier deaths */
#define PROC_BACKOFF_MAX_MS	60000
#define PROC_LOG_BURST		100	/* lines a child may log at once */
#define PROC_LOG_RATE		10	/* ... and a second */
#define PROC_LOG_DEBUG		100	/* times that, when debugging */
#define PROC_LOG_FLOOD		10000	/* held back lines that are too many */
#define PROC_BLAMES_MAX		4	/* siblings killed on a child's word */

struct procs;

struct proc {
	struct procs	*procs;
	enum role	 role;
	pid_t		 pid;		/* 0: none runs */
	struct chan	*chan;		/* NULL: closed */
	struct loop_timer *timer;	/* kill, or start again */
	uint64_t	 started;	/* loop_now() */
	uint32_t	 restarts;
	uint32_t	 backoff_ms;	/* before the next start */
	bool		 ready;		/* sealed, as it says below */
	bool		 leaving;	/* was asked to end */
	bool		 unwanted;	/* is not to run for now */
	bool		 killed;	/* by us, said why already */
	uint64_t	 log_at;	/* loop_now() of the last line */
	uint64_t	 log_spent;	/* thousandths of lines of a burst */
	uint32_t	 log_held;	/* lines held back */
	uint32_t	 blames;	/* siblings it complained of */
	int		 err_fd;	/* its standard error, or -1 */
	struct loop_io	*err_io;
	size_t		 err_left;	/* bytes of it that are still heard */
	bool		 reaped;	/* dead; its last words are unread */
	int		 status;	/* of waitpid(), if reaped */
	uint32_t	 uid;
	uint16_t	 walls;
	uint8_t		 landlock_abi;
};

struct procs_ops {
	/* A new child waits for its set-up messages. */
	void	(*started)(struct proc *p, void *arg);
	void	(*ready)(struct proc *p, void *arg);
	/* It is gone; its successor follows unless procs_stop() was said. */
	void	(*ended)(struct proc *p, void *arg);
	/* Its queue has room again. */
	void	(*drained)(struct proc *p, void *arg);
};

/*
 * fns: the handlers of all messages from children, called with the struct
 * proc.  mask: their umask, which is what downloads get.  Call early:
 * remembers the running binary.
 */
struct procs	*procs_new(struct loop *loop, const union msg_fn *fns,
		    const struct procs_ops *ops, void *arg, bool keep_stderr,
		    mode_t mask);
void		 procs_free(struct procs *procs);
void		 procs_start(struct procs *procs);
struct proc	*procs_get(struct procs *procs, enum role role);
void		*procs_arg(const struct procs *procs);
bool		 procs_all_ready(const struct procs *procs);
/* Shall it run?  All do, unless it is said that they shall not. */
void		 proc_want(struct proc *p, bool want);
/* Is there a channel to it? */
bool		 proc_up(const struct proc *p);
/* Lost if the child is down: its successor is told anew. */
void		 proc_send(struct proc *p, enum msg_type type,
		    const void *body);
void		 proc_send_fd(struct proc *p, enum msg_type type,
		    const void *body, int fd);
/* What this child said cannot be true: log it, kill, start anew. */
void		 proc_breach(struct proc *p, const char *why);
/*
 * May this child log a line now?  Says false and counts if it logs too much;
 * one that does not stop is killed.  The other tells of what was held back.
 */
bool		 proc_may_log(struct proc *p);
void		 proc_log_held(struct proc *p);
/* What this child says of the other is believed, though not for ever. */
void		 proc_blame(struct proc *p, struct proc *other,
		    const char *why);
void		 proc_on_ready(struct proc *p, const struct msg_ready *m);
/* Ask it to end; another follows at once unless procs_stop() was said. */
void		 proc_leave(struct proc *p);
/* From here on nothing is started again, but for what is recalled. */
void		 procs_stop(struct procs *procs);
void		 procs_kill(struct procs *procs);
/* It is down: start it at once. */
void		 proc_recall(struct proc *p);
/* No child runs. */
bool		 procs_gone(const struct procs *procs);

/*
 * proc_exec.c: in the new process, become a role by the binary exe, with fd
 * for its channel and err_fd (-1: ours) for standard error.  Does not return.
 */
void		 proc_exec(int exe, mode_t mask, enum role role, int fd,
		    int err_fd);
/*
 * proc_stderr.c: children log by message; what the C library or a sanitizer
 * has to say of their end, and what comes before the channel, arrives here.
 * Returns the end for the child; -1: there is none.
 */
int		 proc_stderr_open(struct proc *p, struct loop *loop);
/* The child is dead: what is in the pipe is all there will be. */
void		 proc_stderr_finish(struct proc *p);
void		 proc_stderr_close(struct proc *p);

#endif /* PROC_H */
