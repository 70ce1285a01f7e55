/* SPDX-License-Identifier: ISC */
#ifndef TRACKER_LIST_H
#define TRACKER_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"

/* The trackers that the user gave a torrent in place of its own. */
struct tracker_list {
	uint32_t		 n;
	struct rec_tracker	*v;	/* with strings of its own */
};

struct tracker_list *tracker_list_new(void);
/* n must be below TRACKERS_MAX. */
void	 tracker_list_add(struct tracker_list *list, uint8_t tier,
	    const char *url);
struct tracker_list *tracker_list_copy(const struct tracker_list *list);
/* NULL is a list unlike any other. */
bool	 tracker_list_equal(const struct tracker_list *a,
	    const struct tracker_list *b);
/* NULL is fine. */
void	 tracker_list_free(struct tracker_list *list);

#endif /* TRACKER_LIST_H */
