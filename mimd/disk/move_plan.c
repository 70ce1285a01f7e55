/* SPDX-License-Identifier: ISC */
#include "move_plan.h"

enum move_phase
move_first(bool same_fs)
{
	return same_fs ? MOVE_PLACE : MOVE_COPY;
}

enum move_phase
move_after(enum move_phase phase, enum move_end end)
{
	/* What is left over does no harm: it was copied. */
	if (move_committed(phase))
		return end == MOVE_STOPPED ? phase : MOVE_NONE;
	switch (end) {
	case MOVE_DONE:
		break;
	case MOVE_UNDONE:
		/* Copies half removed must not be taken for all there are. */
		return phase == MOVE_COPY || phase == MOVE_PLACE_STAGED ?
		    MOVE_UNSTAGE : MOVE_NONE;
	case MOVE_ACROSS:
		return phase == MOVE_PLACE ? MOVE_COPY : MOVE_UNSTAGE;
	case MOVE_STUCK:
	case MOVE_STOPPED:
		return phase;
	}
	switch (phase) {
	case MOVE_PLACE:
		return MOVE_CLEAN;
	case MOVE_COPY:
		return MOVE_PLACE_STAGED;
	case MOVE_PLACE_STAGED:
		return MOVE_CLEAN_COPIED;
	default:
		return MOVE_NONE;
	}
}

bool
move_committed(enum move_phase phase)
{
	return phase == MOVE_CLEAN || phase == MOVE_CLEAN_COPIED;
}

bool
move_renames(enum move_phase phase)
{
	return phase == MOVE_PLACE || phase == MOVE_PLACE_STAGED;
}

enum move_step
move_step(enum move_there from, enum move_there to, bool same)
{
	if (from == THERE_NOTHING)
		return to == THERE_OTHER ? STEP_CLASH : STEP_NONE;
	if (from == THERE_OTHER)
		return STEP_CLASH;
	if (to == THERE_NOTHING)
		return STEP_RENAME;
	return to == THERE_FILE && same ? STEP_UNLINK : STEP_CLASH;
}

/* What stands in the way is left alone: then it was never moved. */
enum move_step
move_step_back(enum move_there from, enum move_there to, bool same)
{
	if (to != THERE_FILE)
		return STEP_NONE;
	if (from == THERE_NOTHING)
		return STEP_RENAME;
	return from == THERE_FILE && same ? STEP_UNLINK : STEP_NONE;
}
