/* SPDX-License-Identifier: ISC */
#include "bucket.h"

#define MICRO	INT64_C(1000000)

static void
bucket_fill(struct bucket *b, uint64_t now_us)
{
	uint64_t	us = now_us > b->at ? now_us - b->at : 0;
	int64_t		depth = (int64_t)b->rate * BUCKET_DEPTH_US;

	/* More could not fit, and the product would not, either. */
	if (us > BUCKET_DEPTH_US + BUCKET_DEBT_US)
		us = BUCKET_DEPTH_US + BUCKET_DEBT_US;
	b->tokens += (int64_t)(us * b->rate);
	if (b->tokens > depth)
		b->tokens = depth;
	b->at = now_us;
}

void
bucket_set(struct bucket *b, uint64_t rate, uint64_t now_us)
{
	int64_t	low;

	if (rate > BUCKET_RATE_MAX)
		rate = BUCKET_RATE_MAX;
	if (rate == b->rate)
		return;
	bucket_fill(b, now_us);
	b->rate = rate;
	low = -(int64_t)rate * BUCKET_DEBT_US;
	if (b->tokens < low)
		b->tokens = low;
	bucket_fill(b, now_us);
}

/* An eighth of a second: little enough to be shared, no crumbs. */
uint64_t
bucket_need(const struct bucket *b)
{
	uint64_t	need = b->rate / 8;

	if (need > BUCKET_NEED_MAX)
		return BUCKET_NEED_MAX;
	return need == 0 ? 1 : need;
}

uint64_t
bucket_room(struct bucket *b, uint64_t now_us)
{
	uint64_t	room;

	if (b->rate == 0)
		return BUCKET_ALL;
	bucket_fill(b, now_us);
	if (b->tokens <= 0)
		return 0;
	room = (uint64_t)(b->tokens / MICRO);
	return room < bucket_need(b) ? 0 : room;
}

void
bucket_take(struct bucket *b, uint64_t bytes, uint64_t now_us)
{
	int64_t	low;

	if (b->rate == 0)
		return;
	bucket_fill(b, now_us);
	low = -(int64_t)b->rate * BUCKET_DEBT_US;
	if (bytes > BUCKET_RATE_MAX)
		bytes = BUCKET_RATE_MAX;
	b->tokens -= (int64_t)bytes * MICRO;
	if (b->tokens < low)
		b->tokens = low;
}

uint64_t
bucket_wait(struct bucket *b, uint64_t now_us)
{
	int64_t	lack;

	if (b->rate == 0)
		return 0;
	bucket_fill(b, now_us);
	lack = (int64_t)bucket_need(b) * MICRO - b->tokens;
	/* Rounded up: nobody is to come a moment too early. */
	return lack <= 0 ? 0 : (uint64_t)(lack - 1) / b->rate + 1;
}
