/* SPDX-License-Identifier: ISC */
#include "sched.h"

#include <string.h>

void
sched_init(struct sched *s, uint32_t workers)
{
	memset(s, 0, sizeof(*s));
	s->workers = workers > 0 ? workers : 1;
}

struct sched_device *
sched_device(struct sched *s, dev_t dev)
{
	uint32_t	i;

	for (i = 0; i < s->n; i++)
		if (s->devices[i].dev == dev)
			return &s->devices[i];
	if (s->n == SCHED_DEVICES)
		return &s->devices[SCHED_DEVICES - 1];
	s->devices[s->n].dev = dev;
	s->devices[s->n].kind = DEVICE_UNKNOWN;
	return &s->devices[s->n++];
}

bool
sched_may_start(const struct sched_device *dev)
{
	return dev->checks < (dev->kind == DEVICE_SOLID ? SCHED_SOLID : 1);
}

void
sched_started(struct sched *s, struct sched_device *dev)
{
	if (dev->checks++ == 0)
		s->busy++;
	s->checks++;
}

void
sched_ended(struct sched *s, struct sched_device *dev)
{
	if (--dev->checks == 0)
		s->busy--;
	s->checks--;
}

bool
sched_is_quiet(const struct sched_device *dev, uint64_t now)
{
	return !dev->transfers || now >= dev->transfer + SCHED_QUIET_MS;
}

/* Jobs that may be in the workers' hands for checks of a device. */
static uint32_t
sched_depth(const struct sched *s, const struct sched_device *dev,
    uint64_t now)
{
	uint32_t	n;

	if (!sched_is_quiet(dev, now))
		return 1;
	if (s->busy <= 1)
		return SCHED_DEPTH * s->workers;
	n = s->workers / s->busy;
	return n > 0 ? n : 1;
}

uint64_t
sched_wait(const struct sched *s, const struct sched_device *dev,
    uint64_t now)
{
	if (dev->jobs >= sched_depth(s, dev, now))
		return SCHED_LATER;
	return now < dev->resume ? dev->resume - now : 0;
}

void
sched_job(struct sched_device *dev)
{
	dev->jobs++;
}

void
sched_job_done(struct sched_device *dev, uint64_t now, uint64_t took)
{
	dev->jobs--;
	if (dev->kind == DEVICE_SOLID || sched_is_quiet(dev, now))
		return;
	dev->resume = now + (took < SCHED_PAUSE_MS ? took : SCHED_PAUSE_MS);
}

void
sched_transfer(struct sched_device *dev, uint64_t now)
{
	dev->transfers = true;
	dev->transfer = now;
}
