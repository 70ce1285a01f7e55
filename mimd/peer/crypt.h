/* SPDX-License-Identifier: ISC */
#ifndef CRYPT_H
#define CRYPT_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Encrypted connections: when to have one, the handshake (see mse.h), and
 * RC4 over what is read and written.  A connection that began plain has no
 * struct crypt.
 */
#define CRYPT_DH_TURN	4	/* handshakes computed in a turn, */
#define CRYPT_DH_MS	10	/* ... and then none for so long */
#define CRYPT_CHUNK	32768U	/* encrypted at a time, at most unsent */

struct conn;
struct crypt;
struct iovec;
struct net;
struct swarm;
TAILQ_HEAD(crypt_list, crypt);

/* Load what cannot be loaded once sealed; NULL, or what is wrong. */
const char *crypt_load(void);
/* The parent's setting, ENCRYPTION_*. */
void	crypt_configure(struct net *net, uint8_t encryption);

/* It is connected: begin the encrypted handshake; false: a plain one. */
bool	crypt_connect(struct conn *c);
/*
 * What is in rx.head begins no plain handshake: go on from there, or false
 * if it cannot be an encrypted one, either.
 */
bool	crypt_accept(struct conn *c);
/* A plain handshake has begun that may not be. */
bool	crypt_plain_refused(const struct conn *c);
/* The handshake is under way: bytes are for crypt_feed() alone. */
bool	crypt_busy(const struct conn *c);
/* It waits for its turn to compute: do not read. */
bool	crypt_waits(const struct conn *c);
/* So much may be read at once. */
size_t	crypt_read_max(const struct conn *c);
/* Returns the bytes used; what is left of p then is payload, decrypted. */
uint32_t crypt_feed(struct conn *c, uint8_t *p, uint32_t n);
/* Is it held until this torrent is known?  If so, go on. */
bool	crypt_asks_for(const struct conn *c, const struct swarm *s);
void	crypt_find_torrent(struct conn *c);
/* Timer: the next handshakes in line. */
void	crypt_run(void *net);

/* What is said is encrypted. */
bool	crypt_is_on(const struct conn *c);
/* Decrypt n bytes that were read. */
void	crypt_open(struct conn *c, const struct iovec *iov, size_t n);
/* Some of what was taken is still to be sent. */
bool	crypt_pending(const struct conn *c);
/*
 * Like writev(2) for a connection that has a struct crypt; what the socket
 * did not take of the bytes returned is kept, and full set.
 */
ssize_t	crypt_writev(struct conn *c, const struct iovec *iov, int niov,
	    bool *full);

/* It ends: true if its address is to be tried at once, without encryption. */
bool	crypt_falls_back(struct conn *c);
void	crypt_clear(struct conn *c);

#endif /* CRYPT_H */
