/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_FILE_H
#define MONITOR_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

/*
 * Reads a whole file (regular, pipe or /proc) of at most max bytes into fresh memory with a NUL after it; the caller
 * frees *ret_text. A longer file is -EFBIG, a directory -EISDIR. Reads that are cut by a signal go on.
 */
int file_read_all(const char *path, size_t max, char **ret_text, size_t *ret_len, struct error *err);
/* A path from a folder, which is a descriptor. */
int file_read_all_at(int folder, const char *path, size_t max, char **ret_text, size_t *ret_len, struct error *err);

/* Writes all bytes, going on after signals and short writes. 0 or -errno. */
int file_write_all(int fd, const void *bytes, size_t len);

/* read() that goes on after signals: bytes read (0 at the end) or -errno. */
ssize_t file_read(int fd, void *bytes, size_t len);

/* Whether both paths lead to one regular file, or would make one. */
bool file_is_same(const char *a, const char *b);

#endif
