/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "registry.h"
#include "choice.h"
#include "log.h"
#include "magnet_msg.h"
#include "mem.h"

static bool
is_free(const struct pending_add *add)
{
	return add->fd == -1 && add->magnet == NULL;
}

bool
registry_full(const struct registry *reg)
{
	return reg->n >= TORRENTS_MAX - REGISTRY_ADDS_MAX;
}

int
registry_add(struct registry *reg, int fd, struct magnet *magnet,
    const struct add_place *at, struct choice *choice, bool paused,
    bool check, uint64_t client)
{
	struct pending_add	*add;
	uint32_t		 i;

	if (registry_full(reg))
		return -1;
	for (i = 0; i < REGISTRY_ADDS_MAX; i++) {
		if (is_free(&reg->adds[i]))
			break;
	}
	if (i == REGISTRY_ADDS_MAX)
		return -1;
	add = &reg->adds[i];
	add->fd = fd;
	add->magnet = magnet;
	add->id = 0;
	add->sent = false;
	add->tries = 0;
	add->root = at->root;
	add->subdir = xstrdup(at->subdir);
	add->away = at->away;
	add->away_root = at->away_root;
	add->away_subdir = xstrdup(at->away ? at->away_subdir : "");
	add->paused = paused;
	add->check = check;
	add->choice = choice;
	add->added = (uint64_t)time(NULL);
	add->client = client;
	registry_send_adds(reg);
	return 0;
}

bool
registry_is_adding(const struct registry *reg, uint32_t id)
{
	uint32_t	i;

	for (i = 0; i < REGISTRY_ADDS_MAX; i++) {
		if (!is_free(&reg->adds[i]) && reg->adds[i].id == id)
			return true;
	}
	return false;
}

/* A number is used up by a torrent, not by a file that disk refuses. */
static uint32_t
free_id(const struct registry *reg)
{
	uint32_t	id = reg->next_id;

	while (id == 0 || registry_is_adding(reg, id) ||
	    registry_find(reg, id) != NULL)
		id++;
	return id;
}

static void
send_torrent(struct registry *reg, const struct pending_add *add, int fd)
{
	struct rec_glob		globs[CHOICE_GLOBS_MAX];
	struct msg_torrent_add	m = {
		.id = add->id,
		.root = add->root,
		.subdir = add->subdir,
		.away = add->away,
		.away_root = add->away_root,
		.away_subdir = add->away_subdir,
		.paused = add->paused,
		.check = add->check,
		.added = add->added,
	};

	if (add->choice != NULL) {
		m.only.v = add->choice->only;
		m.only.n = add->choice->nonly;
		m.except.v = globs;
		m.except.n = choice_pack_globs(add->choice, globs);
	}
	reg->ops->send(ROLE_DISK, MSG_TORRENT_ADD, &m, fd, reg->arg);
}

static void
send_magnet(struct registry *reg, const struct pending_add *add)
{
	const struct magnet	*magnet = add->magnet;
	struct rec_tracker	 trackers[MAGNET_TRACKERS_MAX];
	struct rec_url		 webseeds[MAGNET_WEBSEEDS_MAX];
	struct rec_addr		 peers[MAGNET_PEERS_MAX];
	struct rec_glob		 globs[CHOICE_GLOBS_MAX];
	struct msg_magnet_add	 m = {
		.id = add->id,
		.name = magnet->name != NULL ? magnet->name : "",
		.root = add->root,
		.subdir = add->subdir,
		.away = add->away,
		.away_root = add->away_root,
		.away_subdir = add->away_subdir,
		.paused = add->paused,
		.added = add->added,
	};

	memcpy(m.infohash, magnet->infohash, sizeof(m.infohash));
	m.trackers.v = trackers;
	m.trackers.n = magnet_pack_trackers(magnet, trackers);
	m.webseeds.v = webseeds;
	m.webseeds.n = magnet_pack_webseeds(magnet, webseeds);
	m.peers.v = peers;
	m.peers.n = magnet_pack_peers(magnet, peers);
	if (add->choice != NULL) {
		m.only.v = add->choice->only;
		m.only.n = add->choice->nonly;
		m.except.v = globs;
		m.except.n = choice_pack_globs(add->choice, globs);
	}
	reg->ops->send(ROLE_DISK, MSG_MAGNET_ADD, &m, -1, reg->arg);
}

static void
send_add(struct registry *reg, struct pending_add *add)
{
	int	fd = -1;

	/* The descriptor stays here until disk answers: it may die first. */
	if (add->magnet == NULL &&
	    (fd = fcntl(add->fd, F_DUPFD_CLOEXEC, 0)) == -1) {
		log_warn("torrent to add");
		return;
	}
	if (add->id == 0)
		add->id = free_id(reg);
	add->sent = true;
	add->tries++;
	if (add->magnet == NULL)
		send_torrent(reg, add, fd);
	else
		send_magnet(reg, add);
}

static uint64_t
end_add(struct pending_add *add)
{
	if (add->fd != -1)
		close(add->fd);
	add->fd = -1;
	magnet_free(add->magnet);
	add->magnet = NULL;
	choice_free(add->choice);
	add->choice = NULL;
	free(add->subdir);
	free(add->away_subdir);
	add->subdir = add->away_subdir = NULL;
	return add->client;
}

bool
registry_end_add(struct registry *reg, uint32_t id, uint64_t *client)
{
	uint32_t	i;

	for (i = 0; i < REGISTRY_ADDS_MAX; i++) {
		if (!is_free(&reg->adds[i]) && reg->adds[i].id == id) {
			*client = end_add(&reg->adds[i]);
			return true;
		}
	}
	return false;
}

void
registry_refuse(struct registry *reg, uint32_t id, const char *error)
{
	struct torrent	*t = registry_find(reg, id);
	uint64_t	 client;

	if (!registry_end_add(reg, id, &client))
		return;
	if (t != NULL)
		log_warnx("torrent %u: %s: not added: %s", id, t->name, error);
	reg->ops->refused(client, error, reg->arg);
	if (t != NULL && !t->removing)
		registry_remove(reg, t, false, 0);
}

/* Numbers are given out once disk has told which are taken. */
void
registry_send_adds(struct registry *reg)
{
	struct pending_add	*add;
	uint32_t		 i;

	if (!reg->scanned || !reg->ops->up(ROLE_DISK, reg->arg))
		return;
	for (i = 0; i < REGISTRY_ADDS_MAX; i++) {
		add = &reg->adds[i];
		if (is_free(add) || add->sent)
			continue;
		/* A file that kills its reader must not do so for ever. */
		if (add->tries == REGISTRY_ADD_TRIES)
			registry_refuse(reg, add->id,
			    "the disk process died while it read this");
		else
			send_add(reg, add);
	}
}

void
registry_save(struct registry *reg, struct torrent *t)
{
	struct msg_torrent_save	m = {
		.id = t->id,
		.paused = t->paused,
		.completed = t->completed,
		.downloaded = t->downloaded,
		.uploaded = t->uploaded,
		.wasted = t->wasted,
		.modes = t->modes,
		.active = t->active,
		.up_limit = t->up_limit,
		.down_limit = t->down_limit,
		.max_peers = t->max_peers,
	};
	struct rec_addr		peers[TORRENT_KNOWN_SAVED];

	/* Of a private torrent the tracker tells them, each time. */
	m.peers.v = peers;
	m.peers.n = t->private ? 0 : torrent_known_good(t, peers);
	t->save = true;
	if (!reg->scanned || !reg->ops->up(ROLE_DISK, reg->arg))
		return;
	reg->ops->send(ROLE_DISK, MSG_TORRENT_SAVE, &m, -1, reg->arg);
	t->save = false;
}

void
registry_set_modes(struct registry *reg, struct torrent *t, uint8_t modes,
    bool on)
{
	uint8_t	now = on ? t->modes | modes : t->modes & (uint8_t)~modes;

	if (now == t->modes)
		return;
	t->modes = now;
	registry_save(reg, t);
	if (t->swarm == SWARM_RUNNING)
		registry_send_modes(reg, t);
}

void
registry_limit(struct registry *reg, struct torrent *t)
{
	registry_save(reg, t);
	if (t->swarm == SWARM_RUNNING)
		registry_send_limits(reg, t);
}

static void
send_check(struct registry *reg, struct torrent *t)
{
	struct msg_torrent_check	m = { .id = t->id };

	t->check = true;
	if (reg->scanned && reg->ops->up(ROLE_DISK, reg->arg))
		reg->ops->send(ROLE_DISK, MSG_TORRENT_CHECK, &m, -1,
		    reg->arg);
}

void
registry_send_orders(struct registry *reg)
{
	struct torrent	*t;
	uint32_t	 i;

	for (i = 0; i < reg->n; i++) {
		t = reg->torrents[i];
		if (t->save)
			registry_save(reg, t);
		if (t->check && !t->removing)
			send_check(reg, t);
		registry_send_order(reg, t);
	}
	registry_send_adds(reg);
}

/* Disk is to try again; if it starts anew, it does so anyhow. */
static void
send_retry(struct registry *reg, struct torrent *t)
{
	struct msg_torrent_check	m = { .id = t->id, .retry = true };

	if (t->dstate == DSTATE_ERROR) {
		t->dstate = DSTATE_CHECKING;
		torrent_set_error(t, "");
		registry_reconcile(reg, t);
	}
	if (reg->scanned && reg->ops->up(ROLE_DISK, reg->arg))
		reg->ops->send(ROLE_DISK, MSG_TORRENT_CHECK, &m, -1,
		    reg->arg);
}

/* One in error, or that waits, tries again. */
void
registry_start(struct registry *reg, struct torrent *t)
{
	if (t->paused) {
		t->paused = false;
		registry_save(reg, t);
	}
	if (t->loaded && !t->removing && (t->dstate == DSTATE_ERROR ||
	    t->dstate == DSTATE_WAITING || t->barred != BARRED_NONE))
		send_retry(reg, t);
	registry_reconcile(reg, t);
}

void
registry_pause(struct registry *reg, struct torrent *t)
{
	if (!t->paused) {
		t->paused = true;
		registry_save(reg, t);
	}
	registry_reconcile(reg, t);
}

void
registry_check(struct registry *reg, struct torrent *t)
{
	/* Of a magnet link there is nothing to look at, but to try again. */
	if (!t->loaded || t->removing ||
	    (t->npieces == 0 && t->dstate != DSTATE_ERROR))
		return;
	t->resuming = false;
	/* At once, so that nobody waiting for the check sees it as done. */
	t->dstate = DSTATE_CHECKING;
	t->checked = 0;
	torrent_set_error(t, "");
	registry_reconcile(reg, t);
	send_check(reg, t);
}

void
registry_remove(struct registry *reg, struct torrent *t, bool delete_data,
    uint64_t client)
{
	uint64_t	adder;

	if (registry_end_add(reg, t->id, &adder))
		reg->ops->refused(adder, "it has been removed", reg->arg);
	t->removing = true;
	if (delete_data)
		t->delete_data = true;
	t->remover = client;
	registry_reconcile(reg, t);
}
