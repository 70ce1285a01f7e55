/* SPDX-License-Identifier: ISC */
#ifndef PEER_ACCEPTOR_H
#define PEER_ACCEPTOR_H

struct net;

void	acceptor_add(struct net *net, int fd);
void	acceptor_drop_all(struct net *net);
/* Let in those who waited for the address filter. */
void	acceptor_begin(struct net *net);

#endif /* PEER_ACCEPTOR_H */
