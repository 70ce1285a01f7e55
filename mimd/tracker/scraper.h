/* SPDX-License-Identifier: ISC */
#ifndef SCRAPER_H
#define SCRAPER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Scrapes: how many seeds and leeches torrents have, asked of trackers whose
 * announces do not tell, and of those that are looked at but not announced
 * to.  What is wanted is gathered, so that a request is for many torrents.
 */
#define SCRAPE_AGE	900U	/* s that counts do for */

struct book;
struct scraper;
struct site;

struct scraper *scraper_new(struct book *book);
/* Fetch the counts of a torrent at this tracker, if they are that old. */
void	scraper_want(struct scraper *scraper, struct site *site);

#endif /* SCRAPER_H */
