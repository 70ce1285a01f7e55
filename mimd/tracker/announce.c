/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "announce.h"

/*
 * Failures are retried after 5 s, then ever later, at most after an hour.
 * The figures below are before jitter, which is a quarter up or down.
 */
#define BACKOFF_FIRST	7U	/* s */
#define BACKOFF_STEP	12U	/* s, times the square of the failures */
#define BACKOFF_MAX	2880U

#define SEC(s)		((uint64_t)(s) * 1000)

static uint32_t
clamp(uint32_t v, uint32_t min, uint32_t max)
{
	return v < min ? min : v > max ? max : v;
}

void
announce_init(struct announce *a)
{
	memset(a, 0, sizeof(*a));
	a->next = ANNOUNCE_NEVER;
	a->min_interval = ANNOUNCE_MIN;
}

void
announce_start(struct announce *a, uint64_t now, uint64_t delay)
{
	if (a->running)
		return;
	a->running = true;
	/* A stopped still owed is overtaken: the tracker keeps us. */
	a->told = false;
	a->owes_completed = false;
	a->fails = 0;
	a->next = now + delay;
}

void
announce_stop(struct announce *a, uint64_t now)
{
	if (!a->running)
		return;
	a->running = false;
	a->fails = 0;
	a->next = a->known ? now : ANNOUNCE_NEVER;
	if (!a->told)
		a->owes_completed = false;
}

void
announce_completed(struct announce *a, uint64_t now)
{
	if (!a->running)
		return;
	a->owes_completed = true;
	if (a->told && a->fails == 0)
		a->next = now;
}

void
announce_hungry(struct announce *a, uint64_t now)
{
	uint64_t	polite = a->last + SEC(a->min_interval);

	if (!a->running || !a->told || a->fails > 0)
		return;
	if (polite < now)
		polite = now;
	if (polite < a->next)
		a->next = polite;
}

void
announce_again(struct announce *a, uint64_t now, uint64_t delay)
{
	uint64_t	polite = a->last + SEC(a->min_interval);
	uint64_t	at = now + delay;

	if (!a->running || a->next == ANNOUNCE_NEVER)
		return;
	if (a->told && a->fails == 0 && at < polite)
		at = polite;
	if (at < a->next)
		a->next = at;
	a->fails = 0;
}

uint64_t
announce_allowed(const struct announce *a)
{
	uint32_t	wait = a->min_interval;

	if (!a->running || a->busy)
		return ANNOUNCE_NEVER;
	if (a->last == 0)
		return a->next;
	if (wait < ANNOUNCE_ASK_MIN || a->fails > 0)
		wait = ANNOUNCE_ASK_MIN;
	return a->next < a->last + SEC(wait) ? a->next : a->last + SEC(wait);
}

bool
announce_ask(struct announce *a, uint64_t now)
{
	if (announce_allowed(a) > now)
		return false;
	a->next = now;
	return true;
}

void
announce_give_up(struct announce *a)
{
	a->busy = a->told = a->known = a->owes_completed = false;
	a->next = ANNOUNCE_NEVER;
}

enum announce_event
announce_begin(struct announce *a)
{
	a->busy = true;
	if (a->running && !a->told)
		a->event = ANNOUNCE_STARTED;
	else if (a->owes_completed)
		a->event = ANNOUNCE_COMPLETED;
	else if (!a->running)
		a->event = ANNOUNCE_STOPPED;
	else
		a->event = ANNOUNCE_REGULAR;
	return a->event;
}

void
announce_cancel(struct announce *a)
{
	a->busy = false;
}

void
announce_done(struct announce *a, uint64_t now, uint32_t interval,
    uint32_t min_interval, uint32_t rnd)
{
	a->busy = false;
	a->fails = 0;
	a->last = now;
	switch (a->event) {
	case ANNOUNCE_STARTED:
		a->told = a->known = true;
		break;
	case ANNOUNCE_COMPLETED:
		a->owes_completed = false;
		break;
	case ANNOUNCE_STOPPED:
		a->told = a->known = false;
		break;
	case ANNOUNCE_REGULAR:
		break;
	}
	a->min_interval = min_interval == 0 ? ANNOUNCE_MIN :
	    clamp(min_interval, ANNOUNCE_MIN, ANNOUNCE_MIN_MAX);
	interval = interval == 0 ? ANNOUNCE_INTERVAL :
	    clamp(interval, ANNOUNCE_INTERVAL_MIN, ANNOUNCE_INTERVAL_MAX);
	if (interval < a->min_interval)
		interval = a->min_interval;
	if (announce_idle(a))
		a->next = ANNOUNCE_NEVER;
	else if (!a->running || a->owes_completed)
		a->next = now;
	else	/* spread by up to 1/16, never early */
		a->next = now + SEC(interval) + rnd % (SEC(interval) / 16 + 1);
}

void
announce_failed(struct announce *a, uint64_t now, uint32_t retry, uint32_t rnd)
{
	uint64_t	delay;

	a->busy = false;
	a->last = now;
	if (a->fails < UINT16_MAX)
		a->fails++;
	/* Nobody waits long to say goodbye: one attempt is enough. */
	if (!a->running || retry == ANNOUNCE_RETRY_NEVER) {
		if (!a->running)
			announce_give_up(a);
		a->next = ANNOUNCE_NEVER;
		return;
	}
	delay = BACKOFF_FIRST +
	    (uint64_t)BACKOFF_STEP * (a->fails - 1U) * (a->fails - 1U);
	if (delay > BACKOFF_MAX)
		delay = BACKOFF_MAX;
	delay = SEC(delay) * 3 / 4 + rnd % (SEC(delay) / 2 + 1);
	retry = clamp(retry, 0, ANNOUNCE_INTERVAL_MAX);
	if (delay < SEC(retry))
		delay = SEC(retry) + rnd % SEC(30);
	a->next = now + delay;
}

bool
announce_idle(const struct announce *a)
{
	return !a->running && !a->known && !a->owes_completed;
}
