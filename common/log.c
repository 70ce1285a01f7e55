/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "fmt.h"
#include "log.h"

#define LOG_LIMIT_MS	60000

static struct {
	const char	*ident;
	int		 to_stderr;
	enum log_level	 level;
	log_sink	 sink;
	void		*sink_arg;
} logger = { "mim", 1, LOG_LEVEL_INFO, NULL, NULL };

void
log_init(const char *ident, int to_stderr)
{
	logger.ident = ident;
	logger.to_stderr = to_stderr;
	if (!to_stderr)
		openlog(ident, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

void
log_set_sink(log_sink sink, void *arg)
{
	logger.sink = sink;
	logger.sink_arg = arg;
}

void
log_set_level(enum log_level level)
{
	logger.level = level;
}

enum log_level
log_level(void)
{
	return logger.level;
}

void
log_line(enum log_level level, const char *line)
{
	static const int	priority[] = {
		LOG_WARNING, LOG_INFO, LOG_DEBUG
	};

	if (logger.sink != NULL)
		logger.sink(level, line, logger.sink_arg);
	else if (logger.to_stderr)
		fprintf(stderr, "%s: %s\n", logger.ident, line);
	else
		syslog(priority[level], "%s", line);
}

static void
log_text(enum log_level level, int error, const char *fmt, va_list ap)
{
	char	raw[LOG_LINE_MAX], line[LOG_LINE_MAX];
	size_t	len;
	int	n;

	n = vsnprintf(raw, sizeof(raw), fmt, ap);
	if (n < 0)
		return;
	len = (size_t)n < sizeof(raw) ? (size_t)n : sizeof(raw) - 1;
	if (error != 0) {
		snprintf(raw + len, sizeof(raw) - len, ": %s",
		    strerror(error));
		len = strlen(raw);
	}
	log_line(level, fmt_safe(raw, len, line, sizeof(line)));
}

void
log_warn(const char *fmt, ...)
{
	int	saved = errno;
	va_list	ap;

	va_start(ap, fmt);
	log_text(LOG_LEVEL_WARN, saved, fmt, ap);
	va_end(ap);
	errno = saved;
}

void
log_warnx(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	log_text(LOG_LEVEL_WARN, 0, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list	ap;

	if (logger.level < LOG_LEVEL_INFO)
		return;
	va_start(ap, fmt);
	log_text(LOG_LEVEL_INFO, 0, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list	ap;

	if (logger.level < LOG_LEVEL_DEBUG)
		return;
	va_start(ap, fmt);
	log_text(LOG_LEVEL_DEBUG, 0, fmt, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	int	saved = errno;
	va_list	ap;

	va_start(ap, fmt);
	log_text(LOG_LEVEL_WARN, saved, fmt, ap);
	va_end(ap);
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	log_text(LOG_LEVEL_WARN, 0, fmt, ap);
	va_end(ap);
	exit(1);
}

int
log_every(struct log_limit *limit, uint64_t now_ms, unsigned int *held)
{
	if (now_ms < limit->next_ms) {
		limit->held++;
		return 0;
	}
	limit->next_ms = now_ms + LOG_LIMIT_MS;
	*held = limit->held;
	limit->held = 0;
	return 1;
}
