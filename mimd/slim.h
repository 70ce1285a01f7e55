/* SPDX-License-Identifier: ISC */
#ifndef SLIM_H
#define SLIM_H

/* Memory that is given back once it is known that it was needed for a while. */

/*
 * A process has started: let go the pages of program and libraries that only
 * this needed, and what was freed.  Those in use come back from the page
 * cache at their next use.
 */
void	slim_started(void);
/* What was freed, whatever lies above it.  Costs up to a millisecond. */
void	slim_heap(void);
/* A torrent or the like was freed: counts in n, does that each so many. */
void	slim_freed(unsigned int *n);

#endif /* SLIM_H */
