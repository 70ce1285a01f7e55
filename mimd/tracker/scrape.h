/* SPDX-License-Identifier: ISC */
#ifndef SCRAPE_H
#define SCRAPE_H

#include <stddef.h>
#include <stdint.h>

/* Asking an HTTP tracker how many seeds and leeches there are (BEP 48). */
#define SCRAPE_TEXT_MAX	71U	/* "&info_hash=" and a hash, escaped */

/* A torrent's line of a scrape; UINT32_MAX: unknown. */
struct counts {
	uint32_t	seeds, leeches, downloads;
};

/*
 * The URL to scrape a tracker at, to which scrape_put_hash() adds: its length,
 * or -1 if it does not fit or the tracker, by its URL, cannot be scraped.
 */
int	scrape_url(char *buf, size_t size, const char *announce_url);
/* The new length, at most SCRAPE_TEXT_MAX more, or -1 if it does not fit. */
int	scrape_put_hash(char *buf, size_t size, const uint8_t hash[20]);
/*
 * The counts of n hashes of 20 bytes each, all unknown of those that the
 * tracker does not know; -1 if it is no answer to a scrape.
 */
int	scrape_parse(const void *body, size_t len, const uint8_t *hashes,
	    unsigned int n, struct counts *counts);

#endif /* SCRAPE_H */
