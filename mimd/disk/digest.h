/* SPDX-License-Identifier: ISC */
#ifndef DIGEST_H
#define DIGEST_H

struct chan;
struct disk;
struct msg_data_digest;

/*
 * Short digests of single blocks, by which peer finds out which of them a
 * liar sent.  The key is this process's own: nobody can make blocks that
 * differ and are taken for the same.
 */
struct digest;

struct digest *digest_new(void);
/* Answer peer, on c. */
void	 digest_answer(struct disk *d, struct chan *c,
	    const struct msg_data_digest *m);

#endif /* DIGEST_H */
