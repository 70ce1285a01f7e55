/* SPDX-License-Identifier: ISC */
#ifndef TRANSFER_WORDS_H
#define TRANSFER_WORDS_H

#include "transfer.h"

/* What went wrong with a transfer, for the user. */

/* Before the child is sealed. */
void	 transfer_words_load(void);
/* A hop ended with this code; lasts as long as t. */
const char *transfer_error_text(struct transfer *t, CURLcode code);

#endif /* TRANSFER_WORDS_H */
