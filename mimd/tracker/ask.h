/* SPDX-License-Identifier: ISC */
#ifndef ASK_H
#define ASK_H

#include <stdint.h>

/*
 * An announce under way, by the protocol of the tracker's URL.  It goes to
 * each address family of the tracker by itself: family.h.
 */
struct ask;
struct book;
struct reply;
struct site;
struct url;

/* What came of it, over all families. */
struct ask_result {
	uint8_t		 worked, failed;	/* families; the rest: absent */
	uint32_t	 interval, min_interval;	/* as in struct reply */
	uint32_t	 seeds, leeches, downloads;
	uint32_t	 retry;			/* if none worked */
	char		*text;			/* error, or warning, or NULL */
};

/* Ends in site_ended(), later, if it is not cancelled. */
struct ask *ask_new(struct book *book, struct site *site,
	    const struct url *url, uint8_t families, uint32_t timeout);
/* Give it up; what came of it until now, to be freed by ask_result_clear(). */
struct ask_result ask_cancel(struct ask *ask);
void	ask_result_clear(struct ask_result *result);

#endif /* ASK_H */
