/* SPDX-License-Identifier: ISC */
#include "seed_pace.h"

/* ms times 2^n up to max, give or take a quarter. */
static uint64_t
backed_off(uint64_t ms, uint32_t n, uint64_t max, uint32_t rnd)
{
	while (n-- > 0 && ms < max)
		ms *= 2;
	if (ms > max)
		ms = max;
	return ms - ms / 4 + rnd % (ms / 2 + 1);
}

void
seed_pace_failed(struct seed_pace *p, uint64_t now, uint32_t retry,
    uint32_t rnd)
{
	uint64_t	at;

	at = now + backed_off(SEED_RETRY_MS, p->fails, SEED_RETRY_MAX_MS,
	    rnd);
	if (p->fails < UINT32_MAX)
		p->fails++;
	p->retry_at = at > now + retry * 1000ULL ? at : now + retry * 1000ULL;
}

void
seed_pace_worked(struct seed_pace *p)
{
	p->fails = 0;
}

void
seed_pace_denied(struct seed_pace *p, uint64_t now, uint32_t rnd)
{
	p->retry_at = now + backed_off(SEED_POLL_MS, p->polls,
	    SEED_POLL_MAX_MS, rnd);
	if (p->polls < UINT32_MAX)
		p->polls++;
}

void
seed_pace_granted(struct seed_pace *p)
{
	p->polls = 0;
}

void
seed_pace_second(struct seed_pace *p, uint64_t bytes)
{
	p->rate = p->rate == 0 ? bytes : (p->rate * 3 + bytes) / 4;
}

uint32_t
seed_pace_span(const struct seed_pace *p, uint32_t nconns)
{
	uint64_t	bytes;

	if (p->rate == 0)
		return SEED_SPAN_FIRST;
	bytes = p->rate * SEED_SPAN_SECS / (nconns > 0 ? nconns : 1);
	if (bytes > SEED_SPAN_BYTES)
		return SEED_SPAN_BYTES;
	return bytes > 0 ? (uint32_t)bytes : 1;
}

void
seed_bucket_set(struct seed_bucket *b, uint64_t now, uint64_t rate)
{
	if (b->rate == rate)
		return;
	b->rate = rate;
	b->at = now;
	b->tokens = 0;
}

uint64_t
seed_bucket_room(struct seed_bucket *b, uint64_t now)
{
	int64_t		most = (int64_t)(b->rate * SEED_BURST_MS / 1000 + 1);
	uint64_t	ms = now - b->at;

	if (b->rate == 0)
		return UINT64_MAX;
	if (ms > 60000)
		ms = 60000;
	if (ms > 0) {
		b->tokens += (int64_t)(b->rate * ms / 1000);
		b->at = now;
	}
	if (b->tokens > most)
		b->tokens = most;
	return b->tokens > 0 ? (uint64_t)b->tokens : 0;
}

void
seed_bucket_take(struct seed_bucket *b, uint64_t bytes)
{
	if (b->rate != 0)
		b->tokens -= (int64_t)bytes;
}
