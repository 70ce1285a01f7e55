/* SPDX-License-Identifier: ISC */
#ifndef SCRUB_H
#define SCRUB_H

#include <stdbool.h>
#include <stdint.h>

struct content;
struct disk;
struct scrub;

/*
 * Reading again what was verified once, now and then, at idle priority
 * (pace.h): a piece that is not what it was is had no more, and its torrent
 * says so until it is whole again.
 */
struct scrub *scrub_new(struct disk *d);
void	 scrub_start(struct scrub *s);
/* Seconds; 0: never. */
void	 scrub_set_period(struct scrub *s, uint32_t period);
/* The torrent is not to be read now. */
void	 scrub_cancel(struct disk *d, struct content *t);
/* Is it being read, still?  If it goes, remove_try() is called then. */
bool	 scrub_holds(const struct disk *d, const struct content *t);
bool	 scrub_idle(const struct scrub *s);
/* The torrent is complete, perhaps again. */
void	 scrub_repaired(struct disk *d, struct content *t);

#endif /* SCRUB_H */
