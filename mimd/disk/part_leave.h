/* SPDX-License-Identifier: ISC */
#ifndef PART_LEAVE_H
#define PART_LEAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct content;
struct disk;
struct span;

/*
 * Files that are wanted again come out of the part file, some at a time, by a
 * thread, while the part file goes on to be the place where they are read and
 * written.  What is written meanwhile is noted and copied again, the last
 * little of it by the loop; from then on it is written to both places, until
 * a record that says where the files are is safe.  So a record that is found
 * points at all there is, whenever this ends; what was not done is begun anew.
 */
void	part_leave_init(struct disk *d);
void	part_leave_threads(struct disk *d);
/* A torrent may have files that are to come out now: see part::leaving. */
void	part_leave_soon(struct disk *d);
/* Is this at work on its files?  When it goes, remove_try() is called then. */
bool	part_leave_busy(const struct disk *d, const struct content *t);
/* Other work on its files (NULL: of any) begins, or the end: stop soon. */
void	part_leave_cancel(struct disk *d, const struct content *t);
/*
 * The first len bytes of this were written to the part file, and may be to go
 * elsewhere, too; -1 and errno.
 */
int	part_leave_write(struct disk *d, struct content *t,
	    const struct span *s, const uint8_t *buf, size_t len);
/* The files that the next record, which is made after a sync, is to name. */
void	part_leave_fill(const struct disk *d, const struct content *t,
	    uint8_t *parted);
/* Such a record is safe. */
void	part_leave_saved(struct disk *d, struct content *t,
	    const uint8_t *parted);

#endif /* PART_LEAVE_H */
