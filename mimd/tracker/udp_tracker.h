/* SPDX-License-Identifier: ISC */
#ifndef UDP_TRACKER_H
#define UDP_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is said to a UDP tracker and what it answers (BEP 15, BEP 41). */
#define UDP_CONNECT_LEN		16U
#define UDP_ANNOUNCE_LEN	98U	/* without options */
#define UDP_SCRAPE_MAX		74U	/* torrents in a request (BEP 15) */
#define UDP_PACKET_MAX		4608U	/* an announce with the longest URL */

enum udp_action {
	UDP_CONNECT, UDP_ANNOUNCE, UDP_SCRAPE, UDP_ERROR
};

struct counts;
struct reply;
struct request;

/* Each puts a request into buf and returns its length. */
size_t	udp_put_connect(uint8_t buf[UDP_CONNECT_LEN], uint32_t tid);
/* target: path and query of the URL, "" to leave them out (BEP 41). */
size_t	udp_put_announce(uint8_t buf[UDP_PACKET_MAX], uint64_t connection,
	    uint32_t tid, const struct request *req, const char *target);
/* hashes: n <= UDP_SCRAPE_MAX times 20 bytes. */
size_t	udp_put_scrape(uint8_t buf[UDP_PACKET_MAX], uint64_t connection,
	    uint32_t tid, const uint8_t *hashes, unsigned int n);

/* The transaction id of one of them, cut to len bytes; -1: cut too short. */
int	udp_get_asked(const uint8_t *p, size_t len, uint32_t *tid);

/* What every answer begins with; -1 if it is none. */
int	udp_get_header(const uint8_t *p, size_t len, enum udp_action *action,
	    uint32_t *tid);
/* -1: too short. */
int	udp_get_connect(const uint8_t *p, size_t len, uint64_t *connection);
/*
 * The answer to an announce or UDP_ERROR, whose text becomes the failure.
 * Peers have the addresses of the family that the packet came by.  As
 * reply_parse(), also to be freed with reply_clear().
 */
int	udp_get_announce(struct reply *r, const uint8_t *p, size_t len,
	    bool v6);
/* How many lines, at most max, the answer to a scrape has; 0: an error. */
unsigned int udp_get_scrape(const uint8_t *p, size_t len,
	    struct counts *counts, unsigned int max);

#endif /* UDP_TRACKER_H */
