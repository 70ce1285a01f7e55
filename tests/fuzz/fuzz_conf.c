/* SPDX-License-Identifier: ISC */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "log.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
forget_line(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
}

/* What is accepted must print as something that is accepted, and the same. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf	*conf, *again;
	char		*first = NULL, *second = NULL;
	size_t		 len;
	FILE		*fp;

	/* No file of this machine is input. */
	if (memmem(data, size, "include", 7) != NULL)
		return 0;
	log_set_sink(forget_line, NULL);
	conf = conf_read_buffer("fuzz", (const char *)data, size, NULL, 0);
	if (conf == NULL)
		return 0;
	if ((fp = open_memstream(&first, &len)) == NULL)
		abort();
	conf_print(conf, fp);
	fclose(fp);
	again = conf_read_buffer("again", first, len, NULL, 0);
	if (again == NULL || (fp = open_memstream(&second, &len)) == NULL)
		abort();
	conf_print(again, fp);
	fclose(fp);
	if (strcmp(first, second) != 0)
		abort();
	free(first);
	free(second);
	conf_free(again);
	conf_free(conf);
	return 0;
}
