/* SPDX-License-Identifier: ISC */
#ifndef LOG_H
#define LOG_H

#include <stdarg.h>
#include <stdint.h>

/*
 * One way of logging for every process.  Text passes through vis(3) on its
 * way out, so that nothing remote can forge a line or drive a terminal.
 */
enum log_level {
	LOG_LEVEL_WARN,		/* "brief" */
	LOG_LEVEL_INFO,		/* "verbose", the default */
	LOG_LEVEL_DEBUG		/* "debug" */
};

#define LOG_LINE_MAX	1024	/* bytes of a line, after escaping */

/* Receives each finished, escaped line without newline. */
typedef void (*log_sink)(enum log_level, const char *line, void *arg);

/* Log to stderr (to_stderr) or syslog(3) under ident. */
void	log_init(const char *ident, int to_stderr);
/* Send lines to sink instead; children use it to log by message. */
void	log_set_sink(log_sink sink, void *arg);
void	log_set_level(enum log_level level);
enum log_level log_level(void);
/* Print an already escaped line at a level, as it stands. */
void	log_line(enum log_level level, const char *line);

/* The environment failed and we carry on; the first appends strerror(errno). */
void	log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Changes an administrator cares about. */
void	log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Anything a remote side can cause at will. */
void	log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Start-up failed, memory is out or an invariant broke: log and exit 1. */
void	fatal(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2), noreturn));
void	fatalx(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2), noreturn));

/*
 * Limits a repeating event to a line a minute.  Zero-initialise one for each
 * source; log_every() says whether to log now and, if so, stores how many
 * were held back since the last line in *held.
 */
struct log_limit {
	uint64_t	 next_ms;
	unsigned int	 held;
};
int	log_every(struct log_limit *limit, uint64_t now_ms, unsigned int *held);

#endif /* LOG_H */
