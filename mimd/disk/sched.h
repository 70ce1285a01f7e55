/* SPDX-License-Identifier: ISC */
#ifndef SCHED_H
#define SCHED_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"

/*
 * Which checks may run, and how fast.  Pure: devices, a clock and what
 * happened in, decisions out.  A check is cut into jobs of a few MiB for the
 * workers.
 *
 * - A device that rotates, or of which nothing is known, has one check at a
 *   time, others SCHED_SOLID.
 * - The workers are shared out among the devices that have checks, so that a
 *   slow one does not keep them all.
 * - While peers read or write on a device its checks step back: one job at a
 *   time, with pauses between them if it rotates.
 */
#define SCHED_DEVICES	64U	/* known; all beyond count as one */
#define SCHED_SOLID	4U	/* checks of a device without moving parts */
#define SCHED_DEPTH	2U	/* jobs for each worker */
#define SCHED_QUIET_MS	1000U	/* without transfers: checks go on */
#define SCHED_PAUSE_MS	1000U	/* at most, between two jobs */

#define SCHED_LATER	UINT64_MAX

struct sched_device {
	dev_t		 dev;
	uint8_t		 kind;		/* enum device_kind */
	bool		 transfers;	/* there were some, the last at: */
	uint64_t	 transfer;	/* ms */
	uint64_t	 resume;	/* ms; no job before that */
	uint32_t	 checks;	/* that run */
	uint32_t	 queued;	/* that wait, as the owner counts */
	uint32_t	 jobs;		/* in the workers' hands */
};

struct sched {
	struct sched_device	 devices[SCHED_DEVICES];
	uint32_t		 n;
	uint32_t		 workers;
	uint32_t		 checks;	/* that run, on all */
	uint32_t		 busy;		/* devices with checks */
};

void	sched_init(struct sched *s, uint32_t workers);
/* The device; one that is new is of unknown kind. */
struct sched_device *sched_device(struct sched *s, dev_t dev);
/* May one more check run there? */
bool	sched_may_start(const struct sched_device *dev);
void	sched_started(struct sched *s, struct sched_device *dev);
void	sched_ended(struct sched *s, struct sched_device *dev);
/*
 * When may a job be begun for a check there: 0 now, else in so many ms, or
 * SCHED_LATER: when one has ended.
 */
uint64_t sched_wait(const struct sched *s, const struct sched_device *dev,
	    uint64_t now);
void	sched_job(struct sched_device *dev);
void	sched_job_done(struct sched_device *dev, uint64_t now, uint64_t took);
/* Peers read or write there. */
void	sched_transfer(struct sched_device *dev, uint64_t now);
bool	sched_is_quiet(const struct sched_device *dev, uint64_t now);

#endif /* SCHED_H */
