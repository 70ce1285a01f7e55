/* SPDX-License-Identifier: ISC */
#ifndef SHOW_DHT_H
#define SHOW_DHT_H

#include <stdio.h>

#include <jansson.h>

struct mimctl;
struct msg_ctl_dht_now;

/* How the DHT stands, for people, for programs, as JSON. */
void	 dht_print(const struct mimctl *ctx, const struct msg_ctl_dht_now *m,
	    FILE *fp);
void	 dht_rows(const struct msg_ctl_dht_now *m, FILE *fp);
json_t	*dht_json(const struct msg_ctl_dht_now *m);

#endif /* SHOW_DHT_H */
