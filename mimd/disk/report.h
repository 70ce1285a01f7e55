/* SPDX-License-Identifier: ISC */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

struct chan;
struct content;
struct disk;

/*
 * What the parent is told of torrents, page by page as its channel takes
 * it, and the reading of the state directory that begins with it.
 */
void	report_init(struct disk *d);
/* Read the state directory if that was not done; report all, scan_end. */
void	report_scan(struct disk *d);
/* Tell the state of a torrent, also if that was told before. */
void	report_state(struct disk *d, const struct content *t);
/* Queue the whole report of one torrent. */
void	report_content(struct disk *d, struct content *t);
/* Tell whether one that was added is kept, once that and it are known. */
void	report_added(struct disk *d, struct content *t);
void	report_refused(struct disk *d, uint32_t id, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* Tell the progress of a torrent now, if there is news. */
void	report_progress(struct disk *d, struct content *t);
/* Tell that of all that changed. */
void	report_changed(struct disk *d);

/* scan.c: names of torrents in the state directory. */
struct scan;
struct scan *scan_new(struct disk *d);
/* Load the next one and queue its report; 0 when there are no more. */
int	scan_step(struct disk *d, struct scan *scan);
void	scan_free(struct scan *scan);

#endif /* REPORT_H */
