/* SPDX-License-Identifier: ISC */
#ifndef PEER_BAN_H
#define PEER_BAN_H

#include <stdint.h>

struct msg_peer_bans;
struct net;

/* Who sent bad data; every connection of the address ends. */
void	ban_address(struct net *net, const uint8_t ip[16], const char *why);
void	ban_lift(struct net *net, const uint8_t ip[16]);
void	ban_replay(struct net *net, const struct msg_peer_bans *m);

#endif /* PEER_BAN_H */
