/* SPDX-License-Identifier: ISC */
#ifndef TORRENT_FILE_H
#define TORRENT_FILE_H

#include <sys/queue.h>

#include <stdint.h>

/*
 * .torrent files that the user named by a URL: each is fetched into a memory
 * file of the parent's, which hands it on to disk.  How many there are is the
 * parent's concern.
 */
#define TORRENT_FILE_MS	60000U	/* in all */

struct child;
struct fetcher;
struct hosts;
struct torrent_file;

struct torrent_files {
	struct child		*child;
	struct fetcher		*fetcher;
	struct hosts		*hosts;
	TAILQ_HEAD(, torrent_file) all;
};

void	torrent_files_init(struct torrent_files *tf, struct child *child);
/* Answered by torrent_fetched.  Takes fd. */
void	torrent_file_fetch(struct torrent_files *tf, uint32_t id,
	    const char *url, int fd);

#endif /* TORRENT_FILE_H */
