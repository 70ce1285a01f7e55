/* SPDX-License-Identifier: ISC */
#ifndef PORT_H
#define PORT_H

#include <stdint.h>

/*
 * The port that "port random" stands for, kept in the state directory from
 * one start to the next.
 */
uint16_t port_pick(void);
/* 0: none is kept, or what is kept is none. */
uint16_t port_load(int state_fd);
/* -1 and errno. */
int	 port_save(int state_fd, uint16_t port);

#endif /* PORT_H */
