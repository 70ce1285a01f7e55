/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "mapper.h"

/* The steps of a round, in this order. */
#define STEP_UNMAP(i)	(0x01U << (i))
#define STEP_ADDRESS	0x04U
#define STEP_MAP(i)	(0x08U << (i))
#define STEP_LOOK(i)	(0x20U << (i))
#define STEPS_UNMAP	(STEP_UNMAP(TCP) | STEP_UNMAP(UDP))
#define STEPS_MAP	(STEP_MAP(TCP) | STEP_MAP(UDP))
#define STEPS_LOOK	(STEP_LOOK(TCP) | STEP_LOOK(UDP))

#define TCP		0
#define UDP		1
#define RENEW_MIN_S	10U		/* of a lease: no more often */
#define EPOCH_SLACK	2U		/* s, RFC 6886, 3.6 */
#define PORT_FIRST	49152U		/* of those that are tried by chance */

static const char *const	method_names[] = {
	[PORTMAP_NATPMP] = "NAT-PMP", [PORTMAP_UPNP] = "UPnP"
};

void
mapper_init(struct mapper *m, uint32_t (*random)(uint32_t))
{
	memset(m, 0, sizeof(*m));
	m->random = random;
	m->due = UINT64_MAX;
}

/* ---- what stands ---- */

static bool
holds(const struct mapper *m, int i, uint64_t now)
{
	return m->held[i].port != 0 && m->held[i].until > now;
}

static void
drop(struct mapper *m)
{
	m->held[TCP].port = m->held[UDP].port = 0;
}

static void
hold(struct mapper *m, int i, uint16_t external, uint32_t lease, uint64_t now)
{
	struct held	*h = &m->held[i];

	h->port = m->ask.port;
	h->external = external;
	h->until = h->renew = UINT64_MAX;
	if (lease == 0)
		return;
	h->until = now + lease * UINT64_C(1000);
	if (lease < RENEW_MIN_S)
		lease = RENEW_MIN_S;
	if (lease > MAPPER_LEASE)	/* some routers forget */
		lease = MAPPER_LEASE;
	h->renew = now + lease * UINT64_C(500);
}

uint32_t
mapper_rows(const struct mapper *m, uint64_t now, struct rec_mapping rows[2])
{
	const struct held	*h;
	uint32_t		 n = 0;
	int			 i;

	for (i = TCP; i <= UDP; i++) {
		h = &m->held[i];
		if (!holds(m, i, now) || h->external == 0)
			continue;
		rows[n].udp = i == UDP;
		rows[n].port = h->port;
		rows[n].external = h->external;
		rows[n++].left = h->until == UINT64_MAX ? PORTMAP_FOREVER :
		    (uint32_t)((h->until - now) / 1000);
	}
	return n;
}

/* ---- methods ---- */

static int
first_method(const struct mapper *m)
{
	return m->want.methods[PORTMAP_NATPMP] ? PORTMAP_NATPMP :
	    PORTMAP_UPNP;
}

static bool
is_last(const struct mapper *m)
{
	return m->method == PORTMAP_UPNP || !m->want.methods[PORTMAP_UPNP];
}

/* ---- rounds ---- */

static uint64_t
jitter(struct mapper *m, uint64_t ms)
{
	return ms * 3 / 4 + m->random((uint32_t)(ms / 2) + 1);
}

static uint64_t
backoff(struct mapper *m)
{
	uint64_t	ms = MAPPER_RETRY_MS;
	unsigned int	i;

	for (i = 1; i < m->failures && ms < MAPPER_RETRY_MAX_MS; i++)
		ms *= 2;
	return jitter(m, ms < MAPPER_RETRY_MAX_MS ? ms : MAPPER_RETRY_MAX_MS);
}

/* From the beginning: nobody is known to answer. */
static void
begin_anew(struct mapper *m)
{
	m->method = (enum portmap_method)first_method(m);
	m->todo = STEP_ADDRESS | STEPS_MAP;
	m->timed = m->permanent = false;
	m->address.port = 0;
	m->wish[TCP] = m->wish[UDP] = m->want.external;
	if (m->state != PORTMAP_FAILED)
		m->state = PORTMAP_ASKING;
}

static bool
is_to_renew(const struct mapper *m, uint64_t now)
{
	return m->held[TCP].renew <= now || m->held[UDP].renew <= now;
}

/* Look at what stands, and renew it if it is time. */
static void
begin_check(struct mapper *m, uint64_t now)
{
	int	i;

	m->todo = STEP_ADDRESS;
	for (i = TCP; i <= UDP; i++)
		m->wish[i] = m->held[i].external;
	if (is_to_renew(m, now))
		m->todo |= STEPS_MAP;
	else if (m->method == PORTMAP_UPNP)	/* NAT-PMP has the epoch */
		m->todo |= STEPS_LOOK;
}

static void
begin(struct mapper *m, uint64_t now)
{
	m->begun = now;
	m->taken = 0;
	m->trouble[0] = '\0';
	if (m->want.port == 0) {
		m->state = PORTMAP_OFF;
		m->due = UINT64_MAX;
	} else if (holds(m, TCP, now) && holds(m, UDP, now) &&
	    m->failures < MAPPER_FAILURES)
		begin_check(m, now);
	else {
		drop(m);
		begin_anew(m);
	}
}

static void
end_round(struct mapper *m, uint64_t now)
{
	uint64_t	check = now + jitter(m, MAPPER_CHECK_MS);
	int		i;

	if (m->want.port == 0) {
		m->state = PORTMAP_OFF;
		m->due = UINT64_MAX;
		return;
	}
	if (!holds(m, TCP, now)) {	/* only unmapped: now for the new */
		m->due = now;
		return;
	}
	m->state = PORTMAP_MAPPED;
	m->failures = 0;
	m->error[0] = '\0';
	m->due = check;
	for (i = TCP; i <= UDP; i++) {
		if (m->held[i].renew < m->due)
			m->due = m->held[i].renew;
	}
}

static void
add_trouble(struct mapper *m, const char *why)
{
	size_t	len = strlen(m->trouble);

	snprintf(m->trouble + len, sizeof(m->trouble) - len, "%s%s: %s",
	    len > 0 ? "; " : "", method_names[m->method], why);
}

/* This round came to nothing; who else may be asked? */
static void
fail(struct mapper *m, const char *why, uint64_t now)
{
	bool	held = holds(m, TCP, now) || holds(m, UDP, now);

	m->todo = 0;
	add_trouble(m, why);
	if (!held && !is_last(m)) {
		m->method = PORTMAP_UPNP;
		m->todo = STEP_ADDRESS | STEPS_MAP;
		m->taken = 0;
		m->timed = false;
		return;
	}
	m->state = PORTMAP_FAILED;
	strlcpy(m->error, m->trouble, sizeof(m->error));
	m->failures++;
	m->due = now + backoff(m);
}

/* ---- what is wanted ---- */

/* An answer will be lost: what was asked may have been done. */
static void
give_up_step(struct mapper *m, uint64_t now)
{
	int	i = m->ask.udp ? UDP : TCP;

	if (m->step & STEPS_MAP && !holds(m, i, now))
		hold(m, i, m->ask.external, m->ask.lease, now);
	m->step = 0;
	m->todo = 0;
}

static bool
is_moved(const struct mapper_want *a, const struct mapper_want *b)
{
	return addr_cmp_ip(&a->gateway, &b->gateway) != 0 ||
	    a->gateway.port != b->gateway.port || a->index != b->index;
}

/* By other means, or to be had by a port that is not what it got. */
static bool
is_other(const struct mapper *m, const struct mapper_want *want)
{
	return want->methods[PORTMAP_NATPMP] !=
	    m->want.methods[PORTMAP_NATPMP] || want->methods[PORTMAP_UPNP] !=
	    m->want.methods[PORTMAP_UPNP] ||
	    (want->external != m->want.external &&
	    want->external != m->held[TCP].external);
}

bool
mapper_want(struct mapper *m, const struct mapper_want *want, uint64_t now)
{
	bool	moved = is_moved(want, &m->want);
	bool	other = is_other(m, want);
	int	i;

	if (!moved && !other && want->port == m->want.port) {
		/* The network stirred: soon, but not all the time. */
		if (want->port != 0 && m->due > m->begun + MAPPER_AGAIN_MS)
			m->due = m->begun + MAPPER_AGAIN_MS;
		return false;
	}
	give_up_step(m, now);
	m->want = *want;
	if (moved)	/* those at another router are out of reach */
		drop(m);
	for (i = TCP; i <= UDP; i++) {
		if (holds(m, i, now) && (other || m->held[i].port !=
		    want->port))
			m->todo |= STEP_UNMAP(i);
	}
	m->failures = 0;
	m->due = now;
	return true;
}

/* ---- questions ---- */

static void
make_ask(const struct mapper *m, unsigned int step, struct gate_ask *ask)
{
	int	i = (step & (STEP_UNMAP(UDP) | STEP_MAP(UDP) |
		    STEP_LOOK(UDP))) != 0;

	memset(ask, 0, sizeof(*ask));
	ask->udp = i == UDP;
	ask->op = step & STEPS_UNMAP ? GATE_UNMAP : step & STEPS_MAP ?
	    GATE_MAP : step & STEPS_LOOK ? GATE_LOOK : GATE_ADDRESS;
	if (ask->op == GATE_MAP) {
		ask->port = m->want.port;
		ask->external = m->wish[i] != 0 ? m->wish[i] : m->want.port;
		ask->lease = m->permanent ? 0 : MAPPER_LEASE;
	} else if (ask->op != GATE_ADDRESS) {
		ask->port = m->held[i].port;
		ask->external = m->held[i].external;
	}
}

bool
mapper_next(struct mapper *m, uint64_t now, struct gate_ask *ask)
{
	if (m->step != 0)
		return false;
	if (m->todo == 0) {
		if (m->due > now)
			return false;
		begin(m, now);
		if (m->todo == 0)
			return false;
	}
	m->step = m->todo & -m->todo;
	make_ask(m, m->step, &m->ask);
	*ask = m->ask;
	return true;
}

uint64_t
mapper_due(const struct mapper *m)
{
	return m->step != 0 ? UINT64_MAX : m->todo != 0 ? 0 : m->due;
}

bool
mapper_is_idle(const struct mapper *m)
{
	return m->step == 0 && m->todo == 0;
}

/* ---- answers ---- */

/* Its clock runs as ours, or it has lost what it knew (RFC 6886, 3.6). */
static bool
has_restarted(struct mapper *m, const struct gate_answer *a, uint64_t now)
{
	uint64_t	expect;
	bool		restarted;

	if (!a->timed)
		return false;
	expect = m->epoch + (now - m->epoch_at) / 1000 * 7 / 8;
	restarted = m->timed && (uint64_t)a->epoch + EPOCH_SLACK < expect;
	m->timed = true;
	m->epoch = a->epoch;
	m->epoch_at = now;
	return restarted;
}

static void
on_mapped(struct mapper *m, int i, const struct gate_answer *a, uint64_t now)
{
	if (a->external == 0 || (a->lease == 0 && !m->permanent)) {
		fail(m, "the router maps nothing and says it did", now);
		return;
	}
	hold(m, i, a->external, a->lease, now);
	if (i == TCP)
		m->wish[UDP] = a->external;
	m->todo &= ~m->step;
}

static void
on_not_mapped(struct mapper *m, int i, const struct gate_answer *a,
    uint64_t now)
{
	if (a->result == GATE_PERMANENT && !m->permanent)
		m->permanent = true;
	else if (a->result == GATE_TAKEN && m->taken++ < MAPPER_TAKEN_MAX)
		m->wish[i] = (uint16_t)(PORT_FIRST +
		    m->random(UINT16_MAX - PORT_FIRST + 1));
	else
		fail(m, a->error, now);
}

/* Nobody told the router to: map it again. */
static void
on_gone(struct mapper *m, int i)
{
	m->held[i].port = 0;
	m->todo = (m->todo & ~STEP_LOOK(i)) | STEP_MAP(i);
}

static void
on_answer(struct mapper *m, const struct gate_answer *a, uint64_t now)
{
	int	i = m->ask.udp ? UDP : TCP;

	switch (m->ask.op) {
	case GATE_UNMAP:
		m->held[i].port = 0;
		m->todo &= ~m->step;
		if (a->result == GATE_SILENT)	/* nor to the other one */
			m->todo &= ~STEPS_UNMAP;
		break;
	case GATE_MAP:
		if (a->result == GATE_OK)
			on_mapped(m, i, a, now);
		else
			on_not_mapped(m, i, a, now);
		break;
	case GATE_LOOK:
		if (a->result == GATE_SILENT)
			fail(m, a->error, now);
		else if (a->result == GATE_GONE)
			on_gone(m, i);
		else
			m->todo &= ~m->step;
		break;
	case GATE_ADDRESS:
		m->address = a->address;
		m->address.port = a->result == GATE_OK &&
		    addr_class(&a->address) != ADDR_UNUSABLE;
		if (a->result == GATE_SILENT)
			fail(m, a->error, now);
		else
			m->todo &= ~m->step;
		break;
	}
}

void
mapper_answer(struct mapper *m, const struct gate_answer *a, uint64_t now)
{
	if (m->step == 0)
		return;
	if (has_restarted(m, a, now) && (m->step & STEPS_UNMAP) == 0) {
		drop(m);
		m->todo |= STEPS_MAP;
	}
	on_answer(m, a, now);
	m->step = 0;
	if (m->todo == 0 && m->due <= now)
		end_round(m, now);
}
