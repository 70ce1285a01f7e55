/* SPDX-License-Identifier: ISC */
#ifndef SANITIZER_H
#define SANITIZER_H

/*
 * SANITIZED: built with a sanitizer, whose runtime makes more system calls
 * and maps more memory than the program does.  Such a build is for tests
 * alone: its sandboxes let the runtime do its work.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
    __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

/*
 * The process is in its sandbox, where the leak sanitizer cannot start the
 * tracer it needs at the end: it is told to let that be.
 */
void	sanitizer_sealed(void);

#endif /* SANITIZER_H */
