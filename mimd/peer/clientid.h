/* SPDX-License-Identifier: ISC */
#ifndef CLIENTID_H
#define CLIENTID_H

#include <stddef.h>
#include <stdint.h>

/*
 * The client's name and version from a peer id (BEP 20), printable; "?" and
 * what the id begins with if it says nothing known.
 */
void	clientid_name(const uint8_t id[20], char *buf, size_t size);

#endif /* CLIENTID_H */
