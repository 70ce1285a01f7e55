/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "geom.h"
#include "pipeline.h"

void
pipeline_init(struct pipeline *p)
{
	memset(p, 0, sizeof(*p));
	p->window = PIPELINE_MIN;
}

void
pipeline_start(struct pipeline *p, uint64_t now)
{
	p->last = now;
}

void
pipeline_on_block(struct pipeline *p, uint64_t now, uint32_t bytes)
{
	uint32_t	gap, diff;

	if (p->snubbed) {
		p->snubbed = false;
		p->steady = false;
		p->window = PIPELINE_MIN;
	}
	if (now - p->second >= 1000) {
		/* The first second is never full: judge from the next on. */
		if (p->before != 0 && p->bytes < p->before + PIPELINE_GAIN)
			p->steady = true;
		p->before = p->second != 0 ? p->bytes : 0;
		p->bytes = 0;
		p->second = now;
	}
	p->bytes += bytes;
	if (!p->steady && p->window < PIPELINE_MAX)
		p->window++;
	if (p->last != 0 && now >= p->last) {
		/* Jacobson's estimator (RFC 6298) on the gaps. */
		gap = now - p->last > PIPELINE_WAIT_MAX ? PIPELINE_WAIT_MAX :
		    (uint32_t)(now - p->last);
		diff = gap * 8 > p->mean ? gap - p->mean / 8 :
		    p->mean / 8 - gap;
		p->mean += gap - p->mean / 8;
		p->dev += diff - p->dev / 4;
	}
	p->last = now;
}

void
pipeline_on_timeout(struct pipeline *p, uint64_t now)
{
	p->snubbed = true;
	p->window = PIPELINE_MIN;
	p->last = now;
}

uint32_t
pipeline_window(struct pipeline *p, uint64_t rate, uint32_t rtt_ms,
    uint32_t cap)
{
	uint64_t	blocks, ms;

	if (p->snubbed)
		return 1;
	if (p->steady) {
		ms = 2 * (uint64_t)rtt_ms;
		if (ms < 1000)
			ms = 1000;
		blocks = rate * ms / 1000 / BLOCK_SIZE + 1;
		p->window = blocks > PIPELINE_MAX ? PIPELINE_MAX :
		    (uint32_t)blocks;
	}
	if (p->window > cap)
		return cap;
	return p->window < PIPELINE_MIN && cap >= PIPELINE_MIN ?
	    PIPELINE_MIN : p->window;
}

bool
pipeline_late(const struct pipeline *p, uint64_t now)
{
	uint64_t	wait = (uint64_t)p->mean / 8 + p->dev;

	/* A snubbed peer was given up once already: only the maximum counts. */
	if (p->snubbed)
		wait = PIPELINE_WAIT_MAX;
	else if (wait > PIPELINE_SNUB_MS)
		wait = PIPELINE_SNUB_MS;
	else if (p->mean == 0)
		wait = PIPELINE_SNUB_MS;
	if (wait < PIPELINE_WAIT_MIN)
		wait = PIPELINE_WAIT_MIN;
	return now > p->last + wait;
}
