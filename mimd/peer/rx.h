/* SPDX-License-Identifier: ISC */
#ifndef RX_H
#define RX_H

#include <stdint.h>

struct conn;
struct wire_msg;

/*
 * What is being received on a connection, conn::rx: the handshake, then
 * messages, taken as their bytes come and handed on when they are whole.
 */

/* The next bytes, in the clear; the connection may be closed then. */
void	rx_feed(struct conn *c, uint8_t *p, uint32_t n);
/* The head of a block is read: its bytes go into slot, owned now. */
void	rx_start_data(struct conn *c, const struct wire_msg *m, uint32_t slot);
/* All of them are there. */
void	rx_data_done(struct conn *c);
void	rx_clear(struct conn *c);
/* Its slot is taken from it, or gone: what is half received is lost. */
void	rx_detach(struct conn *c);

#endif /* RX_H */
