/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "disk/move_plan.h"
#include "disk/names.h"
#include "disk/resume.h"
#include "mem.h"
#include "metainfo.h"

/* ---- the plan, played on a file system of three files ---- */

#define NFILES	3
#define OURS	1	/* marks what is at a path: 0 is nothing */
#define COPY	2
#define FOREIGN	3

struct disk_model {
	int		old[NFILES], stage[NFILES], new[NFILES];
	bool		across;		/* rename(2) cannot do it */
	/* The record. */
	enum move_phase	phase;
	bool		committed;	/* it names the new place */
	int		budget;		/* steps until the power goes */
};

static bool
lights_out(struct disk_model *m)
{
	return m->budget-- == 0;
}

static enum move_there
there(int what)
{
	return what == 0 ? THERE_NOTHING : THERE_FILE;
}

/* Rename all from one array to the other, or back; -1: no power. */
static int
rename_all(struct disk_model *m, int *from, int *to, enum move_end *end)
{
	int	i;

	*end = MOVE_DONE;
	for (i = 0; i < NFILES; i++) {
		switch (move_step(there(from[i]), there(to[i]), false)) {
		case STEP_NONE:
			continue;
		case STEP_RENAME:
			if (m->across && m->phase == MOVE_PLACE) {
				*end = MOVE_ACROSS;
				break;
			}
			if (lights_out(m))
				return -1;
			to[i] = from[i];
			from[i] = 0;
			continue;
		default:
			*end = MOVE_UNDONE;
			break;
		}
		break;
	}
	if (*end == MOVE_DONE)
		return 0;
	for (i = NFILES - 1; i >= 0; i--)
		if (move_step_back(there(from[i]), there(to[i]), false) ==
		    STEP_RENAME) {
			if (lights_out(m))
				return -1;
			from[i] = to[i];
			to[i] = 0;
		}
	return 0;
}

static int
wipe(struct disk_model *m, int *files)
{
	int	i;

	for (i = 0; i < NFILES; i++)
		if (files[i] != 0) {
			if (lights_out(m))
				return -1;
			files[i] = 0;
		}
	return 0;
}

/* One phase; -1: no power. */
static int
run_phase(struct disk_model *m, enum move_end *end)
{
	int	i;

	*end = MOVE_DONE;
	switch (m->phase) {
	case MOVE_PLACE:
		return rename_all(m, m->old, m->new, end);
	case MOVE_PLACE_STAGED:
		return rename_all(m, m->stage, m->new, end);
	case MOVE_UNSTAGE:
		return wipe(m, m->stage);
	case MOVE_COPY:
		for (i = 0; i < NFILES; i++)
			if (m->old[i] != 0 && m->stage[i] == 0) {
				if (lights_out(m))
					return -1;
				m->stage[i] = COPY;
			}
		return 0;
	case MOVE_CLEAN_COPIED:
		return wipe(m, m->old);
	default:
		return 0;
	}
}

/* Go on from what the record says, until there is nothing to be done. */
static int
go_on(struct disk_model *m)
{
	enum move_phase	next;
	enum move_end	end;

	while (m->phase != MOVE_NONE) {
		assert_int_equal(m->committed, move_committed(m->phase));
		if (run_phase(m, &end) == -1)
			return -1;
		next = move_after(m->phase, end);
		if (lights_out(m))	/* before the record is there */
			return -1;
		if (move_committed(next))
			m->committed = true;
		m->phase = next;
	}
	return 0;
}

static void
whole(const struct disk_model *m, int foreign)
{
	const int	*here = m->committed ? m->new : m->old;
	const int	*other = m->committed ? m->old : m->new;
	int		 i;

	for (i = 0; i < NFILES; i++) {
		assert_int_equal(m->stage[i], 0);
		if (i == 1)		/* never was there */
			assert_int_equal(here[i], 0);
		else
			assert_true(here[i] == OURS || here[i] == COPY);
		assert_int_equal(other[i], i == foreign ? FOREIGN : 0);
	}
}

/* The power goes at each step, and later at each step of the rest. */
static void
play(bool across, bool same_fs, int foreign)
{
	struct disk_model	m, start = {
		.old = { OURS, 0, OURS }, .across = across,
		.phase = move_first(same_fs)
	};
	int			first, second, rc = -1;

	if (foreign >= 0)
		start.new[foreign] = FOREIGN;
	for (first = 0; rc == -1; first++) {
		for (second = 0;; second++) {
			m = start;
			m.budget = first;
			if ((rc = go_on(&m)) == 0)
				break;
			m.budget = second;
			if (go_on(&m) == 0)
				break;
			m.budget = INT32_MAX;
			assert_int_equal(go_on(&m), 0);
			whole(&m, foreign);
		}
		whole(&m, foreign);
		assert_int_equal(m.committed, foreign == -1);
	}
	assert_true(first > 3);
}

static void
test_play(void **state)
{
	(void)state;
	play(false, true, -1);		/* a rename */
	play(true, true, -1);		/* ... that cannot be */
	play(true, false, -1);		/* copies */
	play(false, true, 2);		/* a file in the way */
	play(true, true, 2);
	play(true, false, 2);
	play(true, false, 0);
}

static void
test_plan(void **state)
{
	enum move_phase	p;

	(void)state;
	for (p = MOVE_NONE; p < MOVE_PHASES; p++) {
		assert_int_equal(move_after(p, MOVE_STOPPED), p);
		if (move_committed(p))
			assert_int_equal(move_after(p, MOVE_UNDONE),
			    MOVE_NONE);
		else
			assert_int_equal(move_after(p, MOVE_STUCK), p);
	}
	/* Renamed across is tried but once. */
	assert_int_equal(move_after(MOVE_PLACE_STAGED, MOVE_ACROSS),
	    MOVE_UNSTAGE);
	assert_int_equal(move_step(THERE_OTHER, THERE_NOTHING, false),
	    STEP_CLASH);
	assert_int_equal(move_step(THERE_NOTHING, THERE_OTHER, false),
	    STEP_CLASH);
	assert_int_equal(move_step(THERE_FILE, THERE_FILE, true),
	    STEP_UNLINK);
	assert_int_equal(move_step(THERE_FILE, THERE_FILE, false),
	    STEP_CLASH);
	assert_int_equal(move_step_back(THERE_FILE, THERE_FILE, true),
	    STEP_UNLINK);
	assert_int_equal(move_step_back(THERE_FILE, THERE_FILE, false),
	    STEP_NONE);
	assert_int_equal(move_step_back(THERE_NOTHING, THERE_OTHER, false),
	    STEP_NONE);
}

/* ---- names ---- */

#define INFO	"d4:infod5:filesl" \
	"d6:lengthi9e4:pathl1:aee" \
	"d6:lengthi7e4:pathl3:dir1:bee" \
	"d4:attr1:p6:lengthi4e4:pathl4:.pad1:4eee" \
	"4:name3:top12:piece lengthi16384e6:pieces20:xxxxxxxxxxxxxxxxxxxxee"
#define SINGLE	"d4:infod6:lengthi9e4:name3:one12:piece lengthi16384e" \
	"6:pieces20:xxxxxxxxxxxxxxxxxxxxee"

static struct metainfo *
parse(const char *s)
{
	struct metainfo	*mi;
	char		 err[METAINFO_ERR_MAX];

	mi = metainfo_parse(s, strlen(s), err);
	assert_non_null(mi);
	return mi;
}

static void
test_names(void **state)
{
	struct metainfo			*mi = parse(INFO);
	const struct resume_name	*list;
	struct names			*names, *more;
	const char			*why;

	(void)state;
	assert_null(names_new(NULL, 0));
	names = names_with(NULL, NAMES_TOP, "other");
	more = names_with(names, 1, "x/y/z.bin");
	assert_true(names_apply(more, mi, &why));
	assert_string_equal(mi->name, "other");
	assert_string_equal(mi->files[0].path, "other/a");
	assert_string_equal(mi->files[1].path, "other/x/y/z.bin");
	assert_string_equal(names_get(mi, NAMES_TOP), "other");
	assert_string_equal(names_get(mi, 1), "x/y/z.bin");
	assert_int_equal(names_list(more, &list), 2);
	assert_int_equal(list[1].index, 1);
	metainfo_free(mi);
	names_free(names);
	/* The same index again takes the place of the first. */
	names = names_with(more, 1, "q");
	assert_int_equal(names_list(names, &list), 2);
	mi = parse(INFO);
	assert_true(names_apply(names, mi, &why));
	assert_string_equal(mi->files[1].path, "other/q");
	metainfo_free(mi);
	names_free(names);
	names_free(more);
}

static void
test_names_single(void **state)
{
	struct metainfo	*mi = parse(SINGLE);
	struct names	*names = names_with(NULL, NAMES_TOP, "two");
	const char	*why;

	(void)state;
	assert_true(names_apply(names, mi, &why));
	assert_string_equal(mi->name, "two");
	assert_string_equal(mi->files[0].path, "two");
	assert_string_equal(names_get(mi, 0), "two");
	metainfo_free(mi);
	names_free(names);
}

static void
bad_name(uint32_t index, const char *name)
{
	struct metainfo	*mi = parse(INFO);
	struct names	*names = names_with(NULL, index, name);
	const char	*why = NULL;

	assert_false(names_apply(names, mi, &why));
	assert_non_null(why);
	assert_string_equal(mi->name, "top");
	assert_string_equal(mi->files[0].path, "top/a");
	assert_string_equal(mi->files[1].path, "top/dir/b");
	metainfo_free(mi);
	names_free(names);
}

static void
test_bad_names(void **state)
{
	char	longest[METAINFO_PATH_MAX + 2];
	size_t	i;

	(void)state;
	bad_name(NAMES_TOP, "");
	bad_name(NAMES_TOP, "a/b");
	bad_name(NAMES_TOP, "..");
	bad_name(NAMES_TOP, "a\nb");
	bad_name(NAMES_TOP, "\xff");
	bad_name(0, "/a");
	bad_name(0, "x/");
	bad_name(0, "x//y");
	bad_name(0, "x/../y");
	bad_name(0, "./y");
	bad_name(0, "dir");		/* a directory of another */
	bad_name(0, "dir/b");
	bad_name(0, "DIR/B");
	bad_name(1, "a/b");		/* a file of that name */
	bad_name(2, "pad");		/* never stored */
	bad_name(3, "x");		/* no such file */
	for (i = 0; i < sizeof(longest) - 1; i++)
		longest[i] = i % 100 == 99 ? '/' : 'x';
	longest[sizeof(longest) - 1] = '\0';
	bad_name(0, longest);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_play),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_names_single),
		cmocka_unit_test(test_bad_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
