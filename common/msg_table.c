/* SPDX-License-Identifier: ISC */
#include <stddef.h>

#include "msg.h"

enum {
#define REC(name)	REC_##name,
#include "msg.def"
	REC_COUNT
};

static struct msg_rec	recs[REC_COUNT];
static struct msg_desc	descs[MSG_COUNT];

/*
 * A function for each record and message, since only there can the fields,
 * which do not know whose they are, name their struct (as S).
 */
#define FIELDS(tag) \
	typedef struct tag S; \
	static const struct msg_field fields[] = {
#define END_FIELDS \
		{ .kind = FIELD_END } \
	};
#define REC(name) \
static void \
init_rec_##name(struct msg_rec *r) \
{ \
	FIELDS(rec_##name)
#define END_REC \
	END_FIELDS \
	r->fields = fields; \
	r->size = sizeof(S); \
}
#define MSG(name, NAME, from, to, phase, fd) \
static void \
init_msg_##name(struct msg_desc *d) \
{ \
	FIELDS(msg_##name)
#define END_MSG \
	END_FIELDS \
	d->fields = fields; \
	d->size = sizeof(S); \
}
#define UINT(type, f, lo, hi) \
	{ FIELD_UINT, #f, offsetof(S, f), sizeof(type), lo, hi, NULL },
#define FLAG(f) \
	{ FIELD_FLAG, #f, offsetof(S, f), sizeof(bool), 0, 1, NULL },
#define HASH(f, n) \
	{ FIELD_HASH, #f, offsetof(S, f), n, n, n, NULL },
#define BLOB(f, lo, hi) \
	{ FIELD_BLOB, #f, offsetof(S, f), 0, lo, hi, NULL },
#define STR(f, hi) \
	{ FIELD_STR, #f, offsetof(S, f), 0, 0, hi, NULL },
#define LIST(r, f, hi) \
	{ FIELD_LIST, #f, offsetof(S, f), 0, 0, hi, &recs[REC_##r] },
#include "msg.def"

#define SETUP		PHASE_SETUP
#define RUN		PHASE_RUN
#define ANY		(PHASE_SETUP | PHASE_RUN)
#define FD		true
#define NOFD		false

static void
table_init(void)
{
	struct msg_desc	*d;

#define REC(n) \
	recs[REC_##n].name = #n; \
	init_rec_##n(&recs[REC_##n]);
#define MSG_ROW(n, N, f, t, p, has_fd, last) \
	d = &descs[MSG_##N]; \
	d->name = #n; \
	d->from = (f); \
	d->to = (t); \
	d->phases = (p); \
	d->fd = (has_fd); \
	d->last_setup = (last); \
	init_msg_##n(d);
#define MSG(n, N, f, t, p, fd)		MSG_ROW(n, N, f, t, p, fd, false)
#define LAST_SETUP(n, N, f, t, p, fd)	MSG_ROW(n, N, f, t, p, fd, true)
#include "msg.def"
}

const struct msg_desc *
msg_desc(uint32_t type)
{
	if (type >= MSG_COUNT)
		return NULL;
	if (descs[0].name == NULL)
		table_init();
	return &descs[type];
}

const char *
msg_name(uint32_t type)
{
	const struct msg_desc	*d = msg_desc(type);

	return d != NULL ? d->name : "unknown";
}

int
msg_allowed(uint32_t type, enum role from, enum role to, uint8_t phase,
    bool has_fd, const char **why)
{
	const struct msg_desc	*d = msg_desc(type);

	if (d == NULL)
		*why = "unknown message";
	else if ((d->from & (1U << from)) == 0)
		*why = "message from the wrong sender";
	else if ((d->to & (1U << to)) == 0)
		*why = "message to the wrong receiver";
	else if ((d->phases & phase) == 0)
		*why = "message in the wrong phase";
	else if (d->fd && !has_fd)
		*why = "message lacks its descriptor";
	else if (!d->fd && has_fd)
		*why = "message with a stray descriptor";
	else
		return 0;
	return -1;
}

const char *
tstate_name(enum tstate state)
{
	static const char *const	names[] = {
		[TSTATE_CHECKING] = "checking",
		[TSTATE_METADATA] = "metadata",
		[TSTATE_DOWNLOADING] = "downloading",
		[TSTATE_SEEDING] = "seeding",
		[TSTATE_STOPPED] = "stopped",
		[TSTATE_QUEUED] = "queued",
		[TSTATE_MOVING] = "moving",
		[TSTATE_WAITING] = "waiting",
		[TSTATE_ERROR] = "error"
	};

	return names[state];
}
