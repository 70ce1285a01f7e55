/* SPDX-License-Identifier: ISC */
#ifndef SANDBOX_SAN_H
#define SANDBOX_SAN_H

/* SANDBOX_SAN: built with a sanitizer, whose runtime needs more. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_SAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
    __has_feature(thread_sanitizer)
#define SANDBOX_SAN
#endif
#endif

#endif /* SANDBOX_SAN_H */
