/* SPDX-License-Identifier: ISC */
#ifndef MEM_H
#define MEM_H

#include <stdarg.h>
#include <stddef.h>

/* Allocation that ends the process when memory is out; never returns NULL. */
void	*xcalloc(size_t n, size_t size);
void	*xmalloc(size_t size);
void	*xreallocarray(void *p, size_t n, size_t size);
char	*xstrdup(const char *s);
char	*xstrndup(const char *s, size_t n);
char	*xasprintf(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2)));
char	*xvasprintf(const char *fmt, va_list ap)
	    __attribute__((format(printf, 1, 0)));

#endif /* MEM_H */
