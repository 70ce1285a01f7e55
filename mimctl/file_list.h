/* SPDX-License-Identifier: ISC */
#ifndef FILE_LIST_H
#define FILE_LIST_H

#include "msg.h"

/*
 * Files by their numbers, as "0,3-5,9".  Returns how many spans it takes, or
 * 0 after saying what is wrong.
 */
uint32_t file_list(const char *word, struct rec_span *spans, uint32_t max);

#endif /* FILE_LIST_H */
