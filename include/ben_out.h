/* SPDX-License-Identifier: ISC */
#ifndef BEN_OUT_H
#define BEN_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A bencode writer (BEP 3) into a buffer of the caller's: begin with
 * { .p = buffer, .size = its bytes }, or without a buffer to count only.
 * What does not fit sets full, and nothing more is written.  The caller closes
 * what it opens and puts keys in their order.
 */
struct ben_out {
	uint8_t	*p;
	size_t	 n, size;	/* bytes written, and at most */
	bool	 full;
};

/* Bytes as they are: a value made elsewhere, or a part of a string. */
void	ben_put(struct ben_out *o, const void *p, size_t n);
void	ben_put_dict(struct ben_out *o);
void	ben_put_list(struct ben_out *o);
void	ben_put_end(struct ben_out *o);
void	ben_put_int(struct ben_out *o, int64_t v);
/* The head of a string whose n bytes are put next. */
void	ben_put_head(struct ben_out *o, size_t n);
void	ben_put_str(struct ben_out *o, const void *p, size_t n);
/* The same for a C string, such as a key. */
void	ben_put_text(struct ben_out *o, const char *s);

#endif /* BEN_OUT_H */
