/* SPDX-License-Identifier: ISC */
/*
 * The control socket from a client's seat: requests of every kind, good by
 * the table but senseless, with descriptors of every kind, from clients that
 * leave at any moment.  A client gets one ctl_end for each request.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "control.h"
#include "gen.h"
#include "log.h"
#include "mem.h"
#include "packet.h"
#include "parent.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX	40
#define CLIENTS		2
#define TORRENTS	4
#define SEALS		(F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | \
			    F_SEAL_SEAL)

struct client {
	int		 fd;		/* -1: none */
	uint32_t	 asked, answered;
};

static struct parent		parent;
static struct loop_timer	*turn;
static struct msg_in		*in;
static struct client		clients[CLIENTS];
static struct msg_pieces_ask	pieces[STEPS_MAX];	/* not answered */
static uint32_t			npieces;
static uint64_t			asked_dht[STEPS_MAX];	/* by these clients */
static uint32_t			nasked_dht;
static uint32_t			items[STEPS_MAX];	/* requests */
static uint32_t			nitems;

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

	(void)to;
	(void)arg;
	check(msg_encode(type, body, buf, sizeof(buf)) != -1);
	if (type == MSG_PIECES_ASK) {
		check(npieces < STEPS_MAX);
		pieces[npieces++] = *(const struct msg_pieces_ask *)body;
	}
	if (type == MSG_DHT_ASK) {
		check(nasked_dht < STEPS_MAX);
		asked_dht[nasked_dht++] =
		    ((const struct msg_dht_ask *)body)->client;
	}
	if (type == MSG_DHT_GET || type == MSG_DHT_PUT) {
		check(nitems < STEPS_MAX);
		items[nitems++] = type == MSG_DHT_GET ?
		    ((const struct msg_dht_get *)body)->request :
		    ((const struct msg_dht_put *)body)->request;
	}
	if (fd != -1)
		close(fd);
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
	return index == 0 ? "/srv/torrents" : NULL;
}

static void
fake_added(uint64_t client, const struct torrent *t, void *arg)
{
	(void)arg;
	control_added(parent.control, client, t);
}

static void
fake_refused(uint64_t client, const char *error, void *arg)
{
	(void)arg;
	control_refused(parent.control, client, error);
}

static void
fake_removed(uint64_t client, uint32_t id, const char *error, void *arg)
{
	(void)arg;
	control_removed(parent.control, client, id, error);
}

static void
fake_moved(uint64_t client, uint32_t id, const char *error, void *arg)
{
	(void)arg;
	control_moved(parent.control, client, id, error);
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
	.ready = fake_up,
	.up = fake_up,
	.root = fake_root,
	.added = fake_added,
	.refused = fake_refused,
	.removed = fake_removed,
	.moved = fake_moved,
	.place = fake_place,
};

/* What a reload reads: the defaults, and no port of this machine. */
struct conf *
conf_load(const struct conf_source *source)
{
	struct conf	*conf;

	(void)source;
	if ((conf = conf_read(NULL, NULL, 0)) == NULL)
		return NULL;
	while (conf->nlistens > 0)
		free(conf->listens[--conf->nlistens].host);
	free(conf->roots[0]);
	conf->roots[0] = xstrdup("/srv/torrents");
	free(conf->socket.path);
	conf->socket.path = xasprintf("/tmp/fuzz_control.%d.sock",
	    (int)getpid());
	return conf;
}

static void
on_turn(void *arg)
{
	(void)arg;
	loop_stop(parent.loop);
}

/* All that is ready now; whatever the loop does takes no time. */
static void
run_loop(void)
{
	int	i;

	for (i = 0; i < 4; i++) {
		loop_timer_set(turn, 0);
		loop_run(parent.loop);
	}
}

static void
clean_up(void)
{
	if (parent.control != NULL)
		control_free(parent.control);
	parent.control = NULL;
}

static void
start(void)
{
	char		err[ERROR_MAX];
	uint32_t	i;

	log_init("fuzz_control", 0);	/* a reload takes a sink away */
	check((parent.conf = conf_load(&parent.source)) != NULL);
	parent_init(&parent, true, 022);
	in = msg_in_new();
	turn = loop_timer_new(parent.loop, on_turn, NULL);
	parent.control = control_new(&parent, parent.conf, err, sizeof(err));
	check(parent.control != NULL);
	for (i = 0; i < ROOTS_MAX; i++)
		parent.roots[i].fd = -1;
	atexit(clean_up);
}

/* The DHT is on, until a reload finds that it has no listener. */
static void
open_dht(void)
{
	struct pairs	*ps = &parent.nodes.pairs;
	int		 i;

	parent.ready = true;
	if (ps->n > 0)
		return;
	ps->v[0] = (struct pair){ .up = true };
	for (i = 0; i < STEER_SOCKETS; i++)
		ps->v[0].fds[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
	ps->n = 1;
}

/* ---- children ---- */

static void
report(uint32_t id)
{
	struct msg_torrent_meta		meta = {
		.id = id, .name = "a name", .size = 3 * 16384,
		.piece_length = 16384, .npieces = 3, .nfiles = 2,
		.subdir = "sub",
	};
	struct rec_file			files[2] = {
		{ .path = "one", .size = 16384 },
		{ .path = "two", .size = 32768 },
	};
	struct rec_tracker		tracker = { .url = "http://t/a" };
	struct msg_torrent_files	f = { .id = id };
	struct msg_torrent_trackers	t = { .id = id };
	struct msg_disk_state		state = { .id = id, .error = "" };
	struct msg_disk_progress	progress = { .id = id };

	memset(meta.infohash, 0, sizeof(meta.infohash));
	memcpy(meta.infohash, &id, sizeof(id));
	f.files.v = files;
	f.files.n = 2;
	t.trackers.v = &tracker;
	t.trackers.n = 1;
	check(registry_on_meta(&parent.registry, &meta) == 0);
	check(registry_on_trackers(&parent.registry, &t) == 0);
	check(registry_on_files(&parent.registry, &f) == 0);
	check(registry_on_loaded(&parent.registry, id) == 0);
	registry_on_disk_state(&parent.registry, &state);
	check(registry_on_progress(&parent.registry, &progress) == 0);
}

/* Good pages, empty ones, and those that do not hold together. */
static void
tell_pieces(struct gen *g)
{
	static const uint8_t	bytes[3];
	struct msg_pieces_told	m = { 0 };

	while (npieces > 0) {
		npieces--;
		m.id = pieces[npieces].id;
		m.client = pieces[npieces].client;
		m.first = pieces[npieces].first;
		m.peers = (struct blob){ bytes, gen_byte(g) % 4 };
		m.have = m.begun = (struct blob){ bytes, m.peers.len > 0 };
		if (gen_byte(g) % 4 == 3) {
			m.begun.len = 2;
			check(control_pieces_told(parent.control, &m) == -1);
			m.begun.len = m.have.len;
		}
		check(control_pieces_told(parent.control, &m) == 0);
	}
}

/* Its answers, late ones and those nobody waits for; or its end. */
static void
tell_dht(struct gen *g)
{
	struct msg_dht_told	told = { .torrents = 1 };
	struct msg_dht_item	item = { .v = { (const uint8_t *)"0:", 2 } };

	while (nasked_dht > 0) {
		told.client = asked_dht[--nasked_dht];
		control_dht_told(parent.control, &told);
		if (gen_byte(g) % 4 == 3)
			control_dht_told(parent.control, &told);
	}
	while (nitems > 0) {
		item.request = items[--nitems];
		item.error = gen_byte(g) % 2 ? "no node has it" : "";
		if (gen_byte(g) % 4 == 3)
			control_dht_down(parent.control);
		control_dht_item(parent.control, &item);
	}
}

/* A file is there, and as good as those of clients; or none is. */
static void
fetched(struct gen *g)
{
	struct msg_torrent_fetched	 m = { .error = "" };
	struct fetch			*f = parent.fetches.v;

	for (; f < parent.fetches.v + FETCHES_MAX; f++) {
		if ((m.fetch = f->id) == 0)
			continue;
		m.error = gen_byte(g) % 4 == 0 ? "no" : "";
		if (gen_byte(g) % 4 != 0)
			check(write(f->fd, "de", 2) == 2);
		fetches_on_fetched(&parent, &m);
	}
}

/* What was asked of peer, tracker and disk is done, well or not. */
static void
children(struct gen *g)
{
	struct registry			*reg = &parent.registry;
	struct msg_torrent_refused	 no = { .error = "no" };
	struct msg_torrent_removed	 gone;
	struct msg_torrent_moved	 moved;
	struct torrent			*t;
	uint32_t			 i, id = 0;

	tell_pieces(g);
	tell_dht(g);
	fetched(g);
	while ((t = registry_after(reg, id)) != NULL) {
		id = gone.id = moved.id = t->id;
		gone.error = gen_byte(g) % 2 ? "" : "a file stays";
		moved.error = gen_byte(g) % 2 ? "" : "no room";
		registry_on_moved(reg, &moved);
		registry_on_halted(reg, id);
		registry_on_removed(reg, &gone);
	}
	for (i = 0; i < REGISTRY_ADDS_MAX; i++) {
		if (reg->adds[i].fd == -1 && reg->adds[i].magnet == NULL)
			continue;
		id = no.id = reg->adds[i].id;
		if (gen_byte(g) % 2)
			report(id);
		else
			registry_on_refused(reg, &no);
	}
}

/* ---- clients ---- */

static void
client_open(struct client *cl)
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };

	strlcpy(sun.sun_path, parent.conf->socket.path,
	    sizeof(sun.sun_path));
	cl->asked = cl->answered = 0;
	cl->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	check(cl->fd != -1 && connect(cl->fd, (struct sockaddr *)&sun,
	    sizeof(sun)) == 0);
}

static void
client_close(struct client *cl)
{
	if (cl->fd != -1)
		close(cl->fd);
	cl->fd = -1;
}

static int
some_fd(uint8_t what)
{
	int	fd;

	if (what % 4 == 0)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd != -1 && what % 4 != 1 && write(fd, "de", 2) != 2)
		abort();
	if (fd != -1 && what % 4 != 2 &&
	    fcntl(fd, F_ADD_SEALS, SEALS) == -1)
		abort();
	return fd;
}

static void
client_send(struct client *cl, const uint8_t *frame, size_t len, int fd)
{
	if (packet_send(cl->fd, frame, len, fd) == -1)
		client_close(cl);
	else
		cl->asked++;
	if (fd != -1)
		close(fd);
}

static void
client_ask(struct client *cl, struct gen *g)
{
	static const enum msg_type	types[] = {
		MSG_CTL_LIST, MSG_CTL_LIST, MSG_CTL_ACT, MSG_CTL_ACT,
		MSG_CTL_ADD, MSG_CTL_ADD_MAGNET, MSG_CTL_PROCESSES, MSG_CTL_LOG,
		MSG_CTL_RELOAD, MSG_CTL_SHUTDOWN, MSG_CTL_LIMIT, MSG_CTL_LIMITS,
		MSG_CTL_SET, MSG_CTL_PRIO, MSG_CTL_PEER, MSG_CTL_MOVE,
		MSG_CTL_RENAME, MSG_CTL_PIECES, MSG_CTL_BANS,
		MSG_CTL_PORTS, MSG_CTL_ADD_URL, MSG_CTL_DHT, MSG_CTL_DHT_GET,
		MSG_CTL_DHT_PUT
	};
	static uint8_t	frame[GEN_SIZE];
	uint8_t		what = gen_byte(g);
	enum msg_type	type;
	size_t		len;

	if (cl->fd == -1)
		client_open(cl);
	type = types[what % (sizeof(types) / sizeof(types[0]))];
	len = gen_frame(g, type, frame);
	client_send(cl, frame, len, msg_desc(type)->fd ? some_fd(what / 16) :
	    -1);
}

/* Every answer keeps to the table, and none comes unasked. */
static void
client_read(struct client *cl)
{
	static uint8_t	buf[MSG_SIZE_MAX];
	const char	*why;
	ssize_t		n;

	if (cl->fd == -1)
		return;
	while ((n = recv(cl->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		check(msg_decode(in, buf, (size_t)n, &why) == 0);
		check(msg_allowed(in->type, ROLE_PARENT, ROLE_CTL, PHASE_RUN,
		    false, &why) == 0);
		cl->answered += in->type == MSG_CTL_END;
	}
	check(cl->answered <= cl->asked);
	if (n == 0)
		client_close(cl);
}

static void
step(struct gen *g)
{
	uint8_t		 what = gen_byte(g);
	struct client	*cl = &clients[what / 8 % CLIENTS];
	size_t		 i;

	if (what % 8 < 5)
		client_ask(cl, g);
	else if (what % 8 < 7)
		children(g);
	else
		client_close(cl);
	if (what & 0x80)
		return;		/* several requests in one turn */
	run_loop();
	for (i = 0; i < CLIENTS; i++)
		client_read(&clients[i]);
}

/* What waits for disk is answered; then nobody may be left without. */
static void
finish(void)
{
	struct gen	none = { NULL, 0 };
	size_t		i, turns;

	for (turns = 0; turns < STEPS_MAX; turns++) {
		children(&none);
		registry_tick(&parent.registry);
		run_loop();
		for (i = 0; i < CLIENTS; i++)
			client_read(&clients[i]);
	}
	for (i = 0; i < CLIENTS; i++) {
		check(clients[i].fd == -1 ||
		    clients[i].answered == clients[i].asked);
		client_close(&clients[i]);
	}
	run_loop();
	parent.phase = PARENT_RUNNING;		/* after a ctl_shutdown */
	registry_clear(&parent.registry);
	fetches_clear(&parent.fetches);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gen	g = { data, size };
	uint32_t	i;

	if (parent.loop == NULL)
		start();
	registry_init(&parent.registry, &fake_ops, &parent);
	parent.phase = PARENT_RUNNING;
	registry_on_scan_end(&parent.registry);
	open_dht();
	for (i = 0; i < CLIENTS; i++)
		clients[i].fd = -1;
	for (i = 1; i <= TORRENTS; i++)
		report(i);
	for (i = 0; i < STEPS_MAX && g.left > 0; i++)
		step(&g);
	finish();
	return 0;
}
