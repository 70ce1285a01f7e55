/* SPDX-License-Identifier: ISC */
#include "family.h"

void
families_start(struct families *f)
{
	f->owed = 0;
}

void
families_completed(struct families *f)
{
	f->owed = FAMILY_ALL;
}

/* Where one answers, the other may rest. */
uint8_t
families_pick(struct families *f, enum announce_event event)
{
	f->saying = 0;
	if (event == ANNOUNCE_STOPPED && f->heard != 0)
		return f->heard;
	if (f->rest_turns == 0)
		return FAMILY_ALL;
	f->rest_turns--;
	return FAMILY_ALL & (uint8_t)~f->rests;
}

enum announce_event
families_event(struct families *f, uint8_t family, enum announce_event event)
{
	if (event == ANNOUNCE_STOPPED)
		return event;
	if ((f->heard & family) == 0)
		return ANNOUNCE_STARTED;
	if (event == ANNOUNCE_REGULAR && (f->owed & family) != 0)
		event = ANNOUNCE_COMPLETED;
	if (event == ANNOUNCE_COMPLETED)
		f->saying |= family & FAMILY_ALL;
	return event;
}

void
families_answered(struct families *f, enum announce_event event,
    uint8_t worked, uint8_t failed)
{
	if (event == ANNOUNCE_STOPPED)
		f->heard = 0;
	else
		f->heard |= worked & FAMILY_ALL;
	f->owed &= (uint8_t)~(worked & f->saying) & FAMILY_ALL;
	if (failed != 0) {
		f->rests = failed & FAMILY_ALL;
		f->rest_turns = FAMILY_REST;
	}
}

void
families_failed(struct families *f)
{
	f->rest_turns = 0;
}
