/* SPDX-License-Identifier: ISC */
#ifndef PARENT_H
#define PARENT_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "banned.h"
#include "conf.h"
#include "contacts.h"
#include "fetches.h"
#include "filters.h"
#include "links.h"
#include "listen.h"
#include "loop.h"
#include "multicast.h"
#include "names.h"
#include "network.h"
#include "nodes.h"
#include "proc.h"
#include "proxies.h"
#include "registry.h"
#include "seed_share.h"
#include "storage.h"

#define PARENT_HALT_MS	1000	/* at the end: for swarms to halt */
#define PARENT_END_MS	8000	/* ... and in all; then children are killed */
#define PARENT_REAP_MS	2000	/* ... and given up */

struct control;
struct mounts;

/* What mimd.conf says, until mimctl changes it; bytes/s, 0: unlimited. */
struct limits {
	uint64_t	up, down;
	uint32_t	max_peers;
	struct conf_rate classes[RATE_CLASSES_MAX];	/* of conf's */
};

enum parent_phase {
	PARENT_STARTING,	/* a child's death is fatal */
	PARENT_RUNNING,
	PARENT_HALTING,		/* swarms end */
	PARENT_LEAVING		/* children end */
};

/* Where the configuration comes from, now and at each reload. */
struct conf_source {
	const char	*path;		/* NULL: defaults alone */
	char *const	*macros;
	int		 nmacros;
	const char	*socket;	/* of -s, or NULL */
};

/* A download directory: roots.c. */
struct parent_root {
	int	 fd;			/* O_PATH; -1: cannot be had, ... */
	int	 error;			/* ... for this reason (errno) */
	int64_t	 mount;			/* that fd is on; -1: not known */
	char	*real;			/* its path, without links */
};

/* The state of the parent process. */
struct parent {
	struct loop		*loop;
	struct conf_source	 source;
	struct conf		*conf;
	struct procs		*procs;
	struct control		*control;
	struct registry		 registry;
	struct names		 names;
	struct fetches		 fetches;
	struct network		 network;
	struct nodes		 nodes;
	struct proxies		 proxies;
	struct contacts		 contacts;
	struct listens		 listens;
	struct limits		 limits;
	struct filters		 filters;
	struct banned		 banned;
	struct multicast	 multicast;
	struct storage		 storage;
	enum device_kind	 devices[ROOTS_MAX];	/* of roots */
	int			 state_fd;		/* paths_hold() */
	struct parent_root	 roots[ROOTS_MAX];	/* of conf's */
	struct mounts		*mounts;
	char			*mounted;	/* what was, at the last look */
	uint8_t			 peer_id[20];
	uint32_t		 key;			/* for trackers */
	uint32_t		 announces;		/* that wait */
	enum parent_phase	 phase;
	bool			 scanned;	/* disk has told its torrents */
	bool			 ready;		/* and all are sealed */
	bool			 recalled;	/* disk, to save at the end */
	uint64_t		 started;	/* loop_now() */
	uint64_t		 end_by;	/* loop_now() */
	struct loop_timer	*tick, *end;
	struct link		 links[LINKS];
	uint32_t		 last_link;	/* number given */
	uint32_t		 last_item;	/* ... to one at the DHT */
	struct seed_share	 share;		/* of the limit */
	void			(*on_ready)(void *arg);	/* or NULL */
	void			*ready_arg;
};

/* Read the configuration; NULL if it is wrong (said so on stderr or log). */
struct conf	*conf_load(const struct conf_source *source);
/* Identity, timers and children's table; parent is zeroed but for source. */
void	parent_init(struct parent *parent, bool keep_stderr, mode_t mask);
void	parent_run(struct parent *parent);
void	parent_clear(struct parent *parent);
struct proc *parent_child(struct parent *parent, enum role role);
/* A copy of a descriptor for a child: it may die and be told again. */
int	parent_copy_fd(int fd);
/* Begin the orderly end, as SIGTERM does. */
void	parent_stop(struct parent *parent);
/* Something happened that the end may wait for. */
void	parent_check_end(struct parent *parent);
void	parent_on_scan_end(struct parent *parent);

/*
 * parent_tell.c: all that a new child must know, in the order of a first
 * start; what of it has changed.
 */
void	parent_tell(struct parent *parent, struct proc *p);
void	parent_set_log_level(struct parent *parent, uint8_t level);
void	parent_send_peer_conf(struct parent *parent);
void	parent_send_filters(struct parent *parent);
void	parent_send_disk_conf(struct parent *parent);
void	parent_send_habit(struct parent *parent);
/* The user wants no more of an address. */
void	parent_ban(struct parent *parent, const struct addr *addr);
/* false: it was not banned. */
bool	parent_unban(struct parent *parent, const struct addr *addr);

/* limits.c: back to what the configuration says; tells nobody. */
void	parent_reset_limits(struct parent *parent);
void	parent_send_rates(struct parent *parent);
/* Change one of them; value 0: unlimited.  preset: back to mimd.conf. */
void	parent_set_limit(struct parent *parent, enum ctl_limit_what what,
	    uint64_t value, bool preset);
/* The same for a class of peers; -1: there is none of that name. */
int	parent_limit_class(struct parent *parent, const char *name,
	    enum ctl_limit_what what, uint64_t value, bool preset);
/* Fill in the classes and their limits; returns how many there are. */
uint32_t parent_rate_classes(const struct parent *parent,
	    struct rec_rate_class v[RATE_CLASSES_MAX]);
/* The same for a torrent; preset: no limit of its own. */
void	parent_limit_torrent(struct parent *parent, struct torrent *t,
	    enum ctl_limit_what what, uint64_t value, bool preset);

/* roots.c: open the download directories; who they are given to, if made. */
void	parent_open_roots(struct parent *parent, uid_t uid, gid_t gid);
/* Open them anew after a reload; what cannot be had is appended to text. */
void	parent_reopen_roots(struct parent *parent, uint32_t nold, char *text,
	    size_t size);
void	parent_close_roots(struct parent *parent, uint32_t n);
/* Is one no longer what is at its path? */
bool	parent_roots_stale(const struct parent *parent);
/* Start disk anew when a volume comes or goes. */
void	parent_watch_roots(struct parent *parent);
/* Look for those that could not be had. */
void	parent_seek_roots(struct parent *parent);

/* inbox.c: what children may say; handlers are given the struct proc */
extern const union msg_fn parent_fns[MSG_COUNT];

/*
 * reload.c: as SIGHUP does.  Returns 0 or -1, with what is wrong, or what
 * takes effect only at the next start, in text.
 */
int	parent_reload(struct parent *parent, char *text, size_t size);

#endif /* PARENT_H */
