/* SPDX-License-Identifier: ISC */
#ifndef FAULTY_H
#define FAULTY_H

#include <stdint.h>

/*
 * A mimd (attempt/bin/faulty) whose disk child has another I/O layer: the
 * functions of mimd/disk/io.h look for a fault that a test asked for, and
 * are recorded.  tests/system/lib/faulty.py is the test's side:
 *
 *	daemon = faulty.Faulty(t).start()
 *	rule = daemon.fault("pwrite", "one", error=errno.EIO, skip=3)
 *	rule.hits, rule.clear(), daemon.calls()
 *
 * The child maps the file BINARY.faults, FAULTS rules of this form that the
 * test may change at any time (armed last), and appends a line for each call
 * to BINARY.calls, if that is there:
 *
 *	NAME RESULT ERRNO OFFSET LENGTH PATH [-> NEW PATH]
 *
 * A call that ends before another begins stands before it.
 */
#define FAULTS		64U

enum fault_kind {
	FAULT_ERROR = 1,	/* fails with errno value; nothing is done */
	FAULT_SHORT,		/* reads or writes at most value bytes */
	FAULT_DELAY,		/* takes value ms longer */
	FAULT_LIE		/* says that it is done; nothing is */
};

struct fault {
	uint32_t	armed;
	uint32_t	kind;
	uint32_t	skip;		/* calls that fit but are spared */
	uint32_t	times;		/* calls it meets; 0: all */
	uint32_t	seen, hits;	/* the child's */
	uint64_t	value;
	char		call[16];	/* without "io_" */
	char		path[208];	/* how the path ends */
};

#endif /* FAULTY_H */
