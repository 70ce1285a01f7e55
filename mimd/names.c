/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "mem.h"
#include "proc.h"

static struct name_query *
names_find(struct names *names, uint32_t query)
{
	uint32_t	i;

	for (i = 0; i < NAMES_MAX; i++) {
		if (names->v[i].query == query)
			return &names->v[i];
	}
	return NULL;
}

static void
names_clear(struct name_query *q)
{
	free(q->host);
	memset(q, 0, sizeof(*q));
}

static void
names_ask(struct names *names, const struct name_query *q)
{
	struct msg_resolve	m = { .query = q->query, .host = q->host };

	proc_send(procs_get(names->procs, ROLE_RESOLVER), MSG_RESOLVE, &m);
}

void
names_on_lookup(struct names *names, const struct msg_name_lookup *m)
{
	struct msg_name_answer	 busy = {
		.query = m->query,
		.error = "too many name look-ups at once",
	};
	struct name_query	*q;

	if ((q = names_find(names, 0)) == NULL) {
		proc_send(procs_get(names->procs, ROLE_TRACKER),
		    MSG_NAME_ANSWER, &busy);
		return;
	}
	if (names->next++ == NAMES_QUERY_MAX)
		names->next = 1;
	q->query = names->next;
	q->asked = m->query;
	q->host = xstrdup(m->host);
	names_ask(names, q);
}

void
names_on_resolved(struct names *names, const struct msg_resolved *m)
{
	struct msg_name_answer	 answer = {
		.ttl = m->ttl, .error = m->error
	};
	struct name_query	*q;

	if ((q = names_find(names, m->query)) == NULL)
		return;
	answer.query = q->asked;
	answer.addrs.v = m->addrs.v;
	answer.addrs.n = m->addrs.n;
	proc_send(procs_get(names->procs, ROLE_TRACKER), MSG_NAME_ANSWER,
	    &answer);
	names_clear(q);
}

void
names_replay(struct names *names)
{
	uint32_t	i;

	for (i = 0; i < NAMES_MAX; i++) {
		if (names->v[i].query != 0)
			names_ask(names, &names->v[i]);
	}
}

void
names_forget(struct names *names)
{
	uint32_t	i;

	for (i = 0; i < NAMES_MAX; i++)
		names_clear(&names->v[i]);
}
