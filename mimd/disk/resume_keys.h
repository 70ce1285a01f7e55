/* SPDX-License-Identifier: ISC */
#ifndef RESUME_KEYS_H
#define RESUME_KEYS_H

/* What resume_put.c writes and resume.c reads. */
#define RESUME_MAGIC	"mimresum"
#define RESUME_MAGIC_LEN (sizeof(RESUME_MAGIC) - 1)
#define RESUME_VERSION	2U
#define RESUME_HEAD	(RESUME_MAGIC_LEN + 4 + 4)
#define RESUME_FLAG_PAUSED	0x1
#define RESUME_FLAG_CLEAN	0x2
#define RESUME_FLAGS	(RESUME_FLAG_PAUSED | RESUME_FLAG_CLEAN)
#define RESUME_FILE_LEN	24U	/* bytes of a file's entry */
#define RESUME_SETTING_LEN 12U	/* bytes of a setting */
#define FILE_PRIO_SET	0x80U	/* keeps the value from being 0 */

/* Numbers of settings, never used anew. */
enum resume_key {
	RESUME_UP_LIMIT = 1,
	RESUME_DOWN_LIMIT = 2,
	RESUME_MAX_PEERS = 3,
	RESUME_MODES = 4,
	RESUME_FILE_PRIO = 5,	/* index << 8 | priority; any number of it */
	RESUME_SCRUBBED = 6,
	RESUME_SCRUB_NEXT = 7,
	RESUME_PROMISED = 8,
	RESUME_TEXT = 16,	/* of the next that takes a string */
	RESUME_NAME = 17,	/* index + 1; any number of it */
	RESUME_HOME_ROOT = 18,
	RESUME_HOME_SUBDIR = 19,
	RESUME_MOVE_PHASE = 20,
	RESUME_MOVE_ROOT = 21,
	RESUME_MOVE_SUBDIR = 22,
	RESUME_MOVE_NAME = 23,	/* index + 1 */
	RESUME_PARTED = 24,	/* index + 1; any number of it */
	RESUME_PART_SIZE = 25,
	RESUME_PART_MTIME = 26,
	RESUME_PART_INO = 27,
	RESUME_PEER_NET = 28,	/* the upper half of an address, */
	RESUME_PEER_HOST = 29,	/* ... the lower, */
	RESUME_PEER_PORT = 30,	/* ... and its end; any number of it */
	RESUME_UNSYNCED = 31,
	RESUME_ACTIVE = 32,
	RESUME_TRACKERS = 33,	/* they are the user's; 1 */
	RESUME_TRACKER = 34	/* tier + 1; any number of it */
};

#endif /* RESUME_KEYS_H */
