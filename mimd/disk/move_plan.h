/* SPDX-License-Identifier: ISC */
#ifndef MOVE_PLAN_H
#define MOVE_PLAN_H

#include <stdbool.h>

/*
 * How the files of a torrent come from one place to another, without I/O: a
 * pure plan, of which each phase can be begun again from whatever state of
 * the files a crash left behind.
 *
 * The phase stands in the record, synced, before its first step is done.
 * Up to the commit the record names the old place as the torrent's and the
 * new one as the other; from then on it is the reverse.  Nothing is removed
 * at the old place before the record that commits is on disk.
 *
 *	place			rename each file from old to new
 *	copy, place staged	copy each into a directory beside the new
 *				place, then rename it from there
 *	unstage			copies are not wanted after all: remove them
 *	- commit -
 *	clean			remove directories that were left empty
 *	clean copied		remove the old files, too
 */
enum move_phase {		/* kept in records: never renumbered */
	MOVE_NONE,
	MOVE_PLACE,
	MOVE_COPY,
	MOVE_PLACE_STAGED,
	MOVE_CLEAN,
	MOVE_CLEAN_COPIED,
	MOVE_UNSTAGE,
	MOVE_PHASES
};

/* How a phase ended. */
enum move_end {
	MOVE_DONE,
	MOVE_UNDONE,		/* failed; the files are where they were */
	MOVE_ACROSS,		/* the same, since rename(2) cannot do it */
	MOVE_STUCK,		/* failed, and could not be undone either */
	MOVE_STOPPED		/* to be taken up again later */
};

/* Where to begin: do old and new place lie on one file system? */
enum move_phase	 move_first(bool same_fs);
/* What comes after; the same phase: nothing more can be done now. */
enum move_phase	 move_after(enum move_phase phase, enum move_end end);
/* Has the torrent's place changed when this phase begins? */
bool		 move_committed(enum move_phase phase);
/* Is this a phase in which the files go by rename(2)? */
bool		 move_renames(enum move_phase phase);

/* What is at a path. */
enum move_there {
	THERE_NOTHING,
	THERE_FILE,
	THERE_OTHER		/* not a regular file */
};

enum move_step {
	STEP_NONE,		/* done, or never was there */
	STEP_RENAME,
	STEP_UNLINK,		/* the old name of what has both names */
	STEP_CLASH		/* somebody else's file is in the way */
};

/* Take a file from one path to another; same: both are one file. */
enum move_step	 move_step(enum move_there from, enum move_there to,
		    bool same);
/* Take it back. */
enum move_step	 move_step_back(enum move_there from, enum move_there to,
		    bool same);

#endif /* MOVE_PLAN_H */
