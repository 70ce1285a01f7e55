/* SPDX-License-Identifier: ISC */
/*
 * The parent's list of torrents between children that say anything the table
 * lets them say, and die at any moment.  Whatever they do, what the registry
 * sends must be within the table's bounds, and no torrent goes that the user
 * did not remove.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "choice.h"
#include "gen.h"
#include "log.h"
#include "magnet_msg.h"
#include "registry.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX	300

struct world {
	struct registry	 reg;
	bool		 full[ROLE_COUNT];
	bool		 expects_removal;
	bool		 breach;	/* by the message in hand */
	uint64_t	 client;
	uint64_t	 asked, answered;	/* adds */
};

static struct world	world;

static void
check(bool good)
{
	if (!good)
		abort();
}

/* ---- the rest of the parent ---- */

static void
fake_send(enum role to, enum msg_type type, const void *body, int fd,
    void *arg)
{
	static uint8_t	buf[MSG_SIZE_MAX];
	const char	*why;

	(void)arg;
	check(msg_encode(type, body, buf, sizeof(buf)) != -1);
	check(msg_allowed(type, ROLE_PARENT, to, PHASE_RUN, fd != -1,
	    &why) == 0);
	if (fd != -1)
		close(fd);
}

static bool
fake_ready(enum role role, void *arg)
{
	return !((struct world *)arg)->full[role];
}

static bool
fake_up(enum role role, void *arg)
{
	(void)role;
	(void)arg;
	return true;
}

static const char *
fake_root(uint32_t index, void *arg)
{
	(void)arg;
	return index < 2 ? "/srv/torrents" : NULL;
}

static void
fake_added(uint64_t client, const struct torrent *t, void *arg)
{
	(void)t;
	check(client != 0);
	((struct world *)arg)->answered++;
}

static void
fake_refused(uint64_t client, const char *error, void *arg)
{
	(void)error;
	check(client != 0);
	((struct world *)arg)->answered++;
}

static void
fake_removed(uint64_t client, uint32_t id, const char *error, void *arg)
{
	(void)id;
	(void)error;
	check(client != 0 && ((struct world *)arg)->expects_removal);
}

static void
fake_moved(uint64_t client, uint32_t id, const char *error, void *arg)
{
	(void)id;
	(void)error;
	check(client != 0);
	(void)arg;
}

static int
fake_place(const char *dir, uint32_t *root, char *subdir, size_t size,
    void *arg)
{
	(void)arg;
	*root = 0;
	return strlcpy(subdir, dir, size) < size && *dir == '/' ? 0 : -1;
}

static const struct registry_ops	fake_ops = {
	.send = fake_send,
	.ready = fake_ready,
	.up = fake_up,
	.root = fake_root,
	.added = fake_added,
	.refused = fake_refused,
	.removed = fake_removed,
	.moved = fake_moved,
	.place = fake_place,
};

static void
quiet(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
}

/* ---- what children say ---- */

#define HEARS(name, call)						\
static void								\
on_##name(struct chan *c, const struct msg_##name *m, void *arg)	\
{									\
	struct world	*w = arg;					\
									\
	(void)c;							\
	(void)m;							\
	call;								\
}

HEARS(torrent_meta, w->breach = registry_on_meta(&w->reg, m) == -1)
HEARS(torrent_trackers, w->breach = registry_on_trackers(&w->reg, m) == -1)
HEARS(torrent_peers, registry_on_disk_peers(&w->reg, m))
HEARS(torrent_files, w->breach = registry_on_files(&w->reg, m) == -1)
HEARS(torrent_loaded, w->breach = registry_on_loaded(&w->reg, m->id) == -1)
HEARS(torrent_kept, registry_on_kept(&w->reg, m->id))
HEARS(torrent_refused, registry_on_refused(&w->reg, m))
HEARS(scan_end, registry_on_scan_end(&w->reg))
HEARS(torrent_moved, registry_on_moved(&w->reg, m))
HEARS(torrent_removed, registry_on_removed(&w->reg, m))
HEARS(disk_state, registry_on_disk_state(&w->reg, m))
HEARS(disk_progress, w->breach = registry_on_progress(&w->reg, m) == -1)
HEARS(swarm_halted, registry_on_halted(&w->reg, m->id))
HEARS(swarm_stats, registry_on_stats(&w->reg, m))
HEARS(peer_rows, registry_on_peer_rows(&w->reg, m))
HEARS(peer_gone, registry_on_peer_gone(&w->reg, m))
HEARS(swarm_hungry, registry_on_hungry(&w->reg, m->id))
HEARS(tracker_peers, registry_on_peers(&w->reg, m))
HEARS(tracker_rows, registry_on_tracker_rows(&w->reg, m))

static const union msg_fn	fns[MSG_COUNT] = {
	[MSG_TORRENT_META] = { .torrent_meta = on_torrent_meta },
	[MSG_TORRENT_TRACKERS] = { .torrent_trackers = on_torrent_trackers },
	[MSG_TORRENT_PEERS] = { .torrent_peers = on_torrent_peers },
	[MSG_TORRENT_FILES] = { .torrent_files = on_torrent_files },
	[MSG_TORRENT_LOADED] = { .torrent_loaded = on_torrent_loaded },
	[MSG_TORRENT_KEPT] = { .torrent_kept = on_torrent_kept },
	[MSG_TORRENT_REFUSED] = { .torrent_refused = on_torrent_refused },
	[MSG_SCAN_END] = { .scan_end = on_scan_end },
	[MSG_TORRENT_MOVED] = { .torrent_moved = on_torrent_moved },
	[MSG_TORRENT_REMOVED] = { .torrent_removed = on_torrent_removed },
	[MSG_DISK_STATE] = { .disk_state = on_disk_state },
	[MSG_DISK_PROGRESS] = { .disk_progress = on_disk_progress },
	[MSG_SWARM_HALTED] = { .swarm_halted = on_swarm_halted },
	[MSG_SWARM_STATS] = { .swarm_stats = on_swarm_stats },
	[MSG_PEER_ROWS] = { .peer_rows = on_peer_rows },
	[MSG_PEER_GONE] = { .peer_gone = on_peer_gone },
	[MSG_SWARM_HUNGRY] = { .swarm_hungry = on_swarm_hungry },
	[MSG_TRACKER_PEERS] = { .tracker_peers = on_tracker_peers },
	[MSG_TRACKER_ROWS] = { .tracker_rows = on_tracker_rows },
};

static void
restart(struct world *w, enum role role)
{
	w->full[role] = false;
	registry_on_down(&w->reg, role);
	registry_on_up(&w->reg, role);
}

static enum role
sender(enum msg_type type)
{
	enum role	role = ROLE_CHILD_FIRST;

	while (!(msg_desc(type)->from & 1U << role))
		role++;
	return role;
}

static void
message(struct world *w, struct gen *g)
{
	static struct msg_in	*in;
	static uint8_t		 frame[GEN_SIZE];
	const char		*why;
	uint32_t		 n = gen_byte(g) % 17, type;
	size_t			 len;

	if (in == NULL)
		in = msg_in_new();
	for (type = 0; fns[type].any == NULL || n-- > 0; type++)
		;
	len = gen_frame(g, (enum msg_type)type, frame);
	if (msg_decode(in, frame, len, &why) == -1)
		return;
	w->breach = false;
	msg_dispatch(fns, in, NULL, w);
	if (w->breach)
		restart(w, sender((enum msg_type)type));
}

/* ---- what the user and the loop do ---- */

static void
user(struct world *w, struct gen *g)
{
	struct torrent	*t;
	struct magnet	*magnet;
	uint8_t		 what = gen_byte(g) % 8, hash[SHA1_LEN] = { 0 };
	struct add_place home = { .subdir = "sub" };
	struct rec_span	 first = { 0, 0 };
	struct choice	*choice;
	int		 fd;

	if (what == 0 || what == 6)
		choice = choice_unpack(&first, gen_byte(g) % 2, NULL, 0);
	if (what == 0) {
		check((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) != -1);
		if (registry_add(&w->reg, fd, NULL, &home, choice,
		    gen_byte(g) % 2, gen_byte(g) % 2, ++w->client) == 0) {
			w->asked++;
			return;
		}
		choice_free(choice);
		close(fd);
		return;
	}
	if (what == 6) {
		hash[0] = gen_byte(g) % GEN_VALUES;
		magnet = magnet_unpack(hash, "n", NULL, 0, NULL, 0, NULL, 0);
		if (registry_add(&w->reg, -1, magnet, &home, choice,
		    gen_byte(g) % 2, true, ++w->client) == 0) {
			w->asked++;
			return;
		}
		choice_free(choice);
		magnet_free(magnet);
		return;
	}
	t = registry_find(&w->reg, 1 + gen_byte(g) % GEN_VALUES);
	if (t == NULL || t->removing)
		return;
	switch (what) {
	case 1:
		registry_start(&w->reg, t);
		break;
	case 2:
		registry_pause(&w->reg, t);
		break;
	case 3:
		registry_check(&w->reg, t);
		break;
	case 4:
		registry_remove(&w->reg, t, gen_byte(g) % 2, ++w->client);
		break;
	case 7:
		registry_move(&w->reg, t, gen_byte(g) % (MOVE_WHAT_MAX + 1),
		    FILES_MAX, gen_byte(g) % 2 ? "/srv" : "n", ++w->client);
		break;
	default:
		registry_save(&w->reg, t);
		break;
	}
}

static void
event(struct world *w, struct gen *g)
{
	uint8_t		what = gen_byte(g);
	enum role	role = (enum role)(ROLE_CHILD_FIRST + what / 8 %
			    (ROLE_CHILD_LAST - ROLE_CHILD_FIRST + 1));

	switch (what % 8) {
	case 0:
		restart(w, role);
		break;
	case 1:
		w->full[role] = true;
		break;
	case 2:
		w->full[role] = false;
		registry_on_drain(&w->reg);
		break;
	case 3:
		registry_on_down(&w->reg, role);
		break;
	case 4:
		registry_on_up(&w->reg, role);
		break;
	default:
		registry_tick(&w->reg);
		break;
	}
}

/* ---- what must hold ---- */

static void
check_torrent(struct registry *reg, const struct torrent *t)
{
	uint32_t	i;

	check(registry_find_hash(reg, t->infohash) == t);
	check(t->have <= t->size && t->checked <= t->npieces);
	check(t->files_got <= t->nfiles);
	check(!t->loaded || t->name != NULL);
	check(t->nrows <= TORRENT_PEERS_MAX && t->ntrackers <= TRACKERS_MAX);
	check(t->nknown <= TORRENT_KNOWN_MAX);
	check(strlen(t->dir) <= PATH_LEN_MAX);
	for (i = 0; i < t->files_got; i++)
		check(strlen(torrent_file_path(t, i)) <= PATH_LEN_MAX);
	check(torrent_state(t) <= TSTATE_MAX);
}

static void
check_all(struct world *w)
{
	struct registry	*reg = &w->reg;
	uint64_t	 waiting = 0;
	uint32_t	 i;

	for (i = 0; i < reg->n; i++) {
		check(i == 0 || reg->torrents[i - 1]->id <
		    reg->torrents[i]->id);
		check_torrent(reg, reg->torrents[i]);
	}
	for (i = 0; i < REGISTRY_ADDS_MAX; i++)
		waiting += reg->adds[i].fd != -1 ||
		    reg->adds[i].magnet != NULL;
	check(w->asked == w->answered + waiting);
}

static void
step(struct world *w, struct gen *g)
{
	uint32_t	i, n = w->reg.n, removing = 0;
	uint8_t		what = gen_byte(g) % 8;

	for (i = 0; i < n; i++)
		removing += w->reg.torrents[i]->removing;
	w->expects_removal = removing > 0;
	if (what < 5)
		message(w, g);
	else if (what < 7)
		user(w, g);
	else
		event(w, g);
	check(w->reg.n + removing >= n);
	check_all(w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gen	g = { data, size };
	int		i;

	memset(&world, 0, sizeof(world));
	log_set_sink(quiet, NULL);
	registry_init(&world.reg, &fake_ops, &world);
	registry_on_up(&world.reg, ROLE_DISK);
	for (i = 0; i < STEPS_MAX && g.left > 0; i++)
		step(&world, &g);
	registry_stop(&world.reg);
	registry_finish(&world.reg);
	registry_clear(&world.reg);
	return 0;
}
