/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "mimctl.h"
#include "word.h"

static const char *const	names[] = {
	"start", "status", "stop", "show", "showing", "log", NULL
};

static void
test_prefix(void **state)
{
	(void)state;
	assert_int_equal(word_find("log", names), 5);
	assert_int_equal(word_find("l", names), 5);
	assert_int_equal(word_find("stat", names), 1);
	assert_int_equal(word_find("sto", names), 2);
}

static void
test_exact_wins(void **state)
{
	(void)state;
	assert_int_equal(word_find("show", names), 3);
	assert_int_equal(word_find("showi", names), 4);
}

static void
test_ambiguous(void **state)
{
	char	list[64];

	(void)state;
	assert_int_equal(word_find("st", names), WORD_AMBIGUOUS);
	assert_int_equal(word_find("sho", names), WORD_AMBIGUOUS);
	assert_string_equal(word_candidates("st", names, list, sizeof(list)),
	    "start, status or stop");
	assert_string_equal(word_candidates("sho", names, list, sizeof(list)),
	    "show or showing");
}

static void
test_unknown(void **state)
{
	char	list[64], tiny[8];

	(void)state;
	assert_int_equal(word_find("", names), WORD_NONE);
	assert_int_equal(word_find("logs", names), WORD_NONE);
	assert_int_equal(word_find("x", names), WORD_NONE);
	assert_string_equal(word_candidates("x", names, list, sizeof(list)),
	    "start, status, stop, show, showing or log");
	/* A list that does not fit is cut, not overrun. */
	assert_string_equal(word_candidates("x", names, tiny, sizeof(tiny)),
	    "start, ");
}

static void
test_commands(void **state)
{
	(void)state;
	assert_string_equal(command_find("status")->name, "status");
	assert_ptr_equal(command_find("status")->fn, cmd_status);
	assert_string_equal(command_find("st")->name, "status");
	assert_string_equal(command_find("sho")->name, "show");
	assert_string_equal(command_find("sh")->name, "show");
	assert_string_equal(command_find("shu")->name, "shutdown");
	assert_string_equal(command_find("a")->name, "add");
	assert_string_equal(command_find("rel")->name, "reload");
	assert_null(command_find("re"));
	assert_null(command_find("sta"));
	assert_null(command_find("label"));
	assert_null(command_find(""));
}

static void
test_options(void **state)
{
	const struct command	*add = command_find("add");

	(void)state;
	assert_int_equal(command_option(add, 'c'), OPTION_FLAG);
	assert_int_equal(command_option(add, 'P'), OPTION_FLAG);
	assert_int_equal(command_option(add, 'd'), OPTION_ARGUMENT);
	assert_int_equal(command_option(add, 'r'), OPTION_NONE);
	assert_int_equal(command_option(add, 'j'), OPTION_NONE);
	assert_int_equal(command_option(command_find("status"), 'p'),
	    OPTION_FLAG);
	assert_int_equal(command_option(command_find("stop"), 's'),
	    OPTION_NONE);
}

/* How cmd is used; of NULL, the list.  The caller frees it. */
static char *
printed(const struct command *cmd)
{
	char	*text = NULL;
	size_t	 size = 0;
	FILE	*fp = open_memstream(&text, &size);

	if (cmd == NULL)
		command_list(fp);
	else
		command_forms(cmd, fp);
	fclose(fp);
	return text;
}

static void
test_list(void **state)
{
	const struct command	*cmd;
	char			*text = printed(NULL), *rest = text, *line;
	size_t			 i;

	(void)state;
	for (i = 0; (cmd = command_at(i)) != NULL; i++) {
		assert_non_null(strstr(text, cmd->text));
		if (i > 0)
			assert_true(strcmp(command_at(i - 1)->name,
			    cmd->name) < 0);
	}
	assert_true(i > 20);
	while ((line = strsep(&rest, "\n")) != NULL)
		assert_true(strlen(line) < 80);
	free(text);
}

static void
test_forms(void **state)
{
	char	*text;

	(void)state;
	text = printed(command_find("add"));
	assert_string_equal(text, "usage: mimctl add [-cP] [-d dir] "
	    "[-o files] [-x glob] torrent ...\n");
	free(text);
	text = printed(command_find("shutdown"));
	assert_string_equal(text, "usage: mimctl shutdown\n");
	free(text);
	text = printed(command_find("set"));
	assert_string_equal(text, "usage: mimctl set port number\n"
	    "       mimctl set selector ... "
	    "sequential|first-last|super-seeding yes|no\n");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_exact_wins),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
