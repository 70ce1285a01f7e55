/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parent.h"
#include "clock.h"
#include "log.h"
#include "notify.h"
#include "paths.h"

/* Collects the lines that are logged while the configuration is read. */
struct collect {
	char	*text;
	size_t	 size;
};

static void
append(struct collect *out, const char *sep, const char *line)
{
	if (*out->text != '\0')
		strlcat(out->text, sep, out->size);
	strlcat(out->text, line, out->size);
}

static void
collect_line(enum log_level level, const char *line, void *arg)
{
	if (level == LOG_LEVEL_WARN)
		append(arg, "\n", line);
}

static struct conf *
read_conf(struct parent *parent, struct collect *out)
{
	struct conf	*conf;

	log_set_sink(collect_line, out);
	conf = conf_load(&parent->source);
	log_set_sink(NULL, NULL);
	if (conf == NULL && *out->text == '\0')
		append(out, "", "the configuration has errors");
	return conf;
}

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_socket(const struct conf_socket *a, const struct conf_socket *b)
{
	return same(a->path, b->path) && (a->path == NULL ||
	    (a->mode == b->mode && a->gid == b->gid));
}

static bool
same_local(const struct conf *a, const struct conf *b)
{
	return a->allow_local == b->allow_local && a->nlocal == b->nlocal &&
	    memcmp(a->local, b->local, a->nlocal * sizeof(a->local[0])) == 0;
}

static bool
same_roots(const struct conf *a, const struct conf *b)
{
	uint32_t	i;

	if (a->nroots != b->nroots)
		return false;
	for (i = 0; i < a->nroots; i++) {
		if (strcmp(a->roots[i], b->roots[i]) != 0 ||
		    a->root_devices[i] != b->root_devices[i])
			return false;
	}
	return true;
}

/* What is fixed for the life of the process, and was changed in the file. */
static void
name_fixed(const struct conf *old, const struct conf *new,
    struct collect *out)
{
	char	names[128] = "";
	struct collect	list = { names, sizeof(names) };

	if (!same(old->state_dir, new->state_dir))
		append(&list, ", ", "state directory");
	if (!same_socket(&old->socket, &new->socket) ||
	    !same_socket(&old->restricted, &new->restricted))
		append(&list, ", ", "control socket");
	if (old->relaxed != new->relaxed)
		append(&list, ", ", "sandbox");
	if (*names == '\0')
		return;
	append(out, "; ", "changed only by the next start of mimd: ");
	append(out, "", names);
}

/* Tell each child what is new for it; end those that cannot be told. */
static void
apply(struct parent *parent, const struct conf *old, struct collect *out)
{
	const struct conf	*new = parent->conf;

	parent_reset_limits(parent);
	parent_send_peer_conf(parent);
	parent_send_disk_conf(parent);
	parent_send_habit(parent);
	parent_send_rates(parent);
	nodes_send_rate(parent);
	seed_share_update(parent);
	proxies_reloaded(parent, old);
	contacts_conf(parent);
	if (!same(old->ca_file, new->ca_file) || !same_local(old, new))
		proc_leave(parent_child(parent, ROLE_TRACKER));
	if (!same_local(old, new))
		proc_leave(parent_child(parent, ROLE_RESOLVER));
	if (!same_roots(old, new) || parent_roots_stale(parent)) {
		parent_reopen_roots(parent, old->nroots, out->text, out->size);
		registry_flush(&parent->registry);
		proc_leave(parent_child(parent, ROLE_DISK));
	} else if (old->cache != new->cache)
		link_make(&parent->links[LINK_PEER]);
}

static void
keep_fixed(struct conf *old, struct conf *new)
{
	struct conf_socket	 s;
	char			*dir;

	dir = new->state_dir;
	new->state_dir = old->state_dir;
	old->state_dir = dir;
	s = new->socket;
	new->socket = old->socket;
	old->socket = s;
	s = new->restricted;
	new->restricted = old->restricted;
	old->restricted = s;
	new->relaxed = old->relaxed;
}

static int
reload(struct parent *parent, struct collect *out)
{
	struct listens	 listens;
	struct filters	 filters;
	struct conf	*new, *old = parent->conf;
	char		 err[ERROR_MAX];

	if ((new = read_conf(parent, out)) == NULL)
		return -1;
	if (filters_open(&filters, new, err, sizeof(err)) == -1) {
		append(out, "\n", err);
		conf_free(new);
		return -1;
	}
	if (network_reload(parent, new, &listens, err, sizeof(err)) == -1) {
		append(out, "\n", err);
		filters_close(&filters);
		conf_free(new);
		return -1;
	}
	name_fixed(old, new, out);
	keep_fixed(old, new);
	parent->conf = new;
	listens_close(&parent->listens, &listens);
	parent->listens = listens;
	filters_close(&parent->filters);
	parent->filters = filters;
	/* Also with the same names: what is in them may be new. */
	parent_send_filters(parent);
	network_reloaded(parent, old);
	apply(parent, old, out);
	conf_free(old);
	return 0;
}

int
parent_reload(struct parent *parent, char *text, size_t size)
{
	struct collect	out = { text, size };
	int		r;

	*text = '\0';
	notify_send("RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_us());
	r = reload(parent, &out);
	notify_send("READY=1");
	if (r == 0)
		log_info("reloaded%s%s", *text == '\0' ? "" : "; ", text);
	else
		log_warnx("not reloaded: %s", text);
	return r;
}
