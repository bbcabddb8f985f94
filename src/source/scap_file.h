/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SCAP_FILE_H
#define MONITOR_SOURCE_SCAP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

/*
 * The bytes of a capture, plain or gzip (also several members one after another), as a window that always holds what
 * was asked for in one piece, so that events are parsed in place. The window's bytes die at the next
 * scap_file_need() that has to read.
 */
struct scap_file {
	uint8_t *buffer;
	size_t cap, start, end; /* the window is buffer[start] .. buffer[end] */
	uint64_t offset; /* of buffer[start] in the capture (uncompressed) */
	struct scap_input *input;
};

int scap_file_open(const char *path, struct scap_file *ret_file, struct error *err); /* "-" = standard input */
/* The end of the file is not the end: scap_file_need() gives 0 there, and more at a later call. */
void scap_file_follow(struct scap_file *f);
/*
 * Who writes into a pipe may take its time: from now on scap_file_need() gives -EINTR when nothing has come for a
 * while or a signal has, and goes on where it was at a later call. Files are read as ever.
 */
void scap_file_wait_in_parts(struct scap_file *f);
void scap_file_close(struct scap_file *f); /* zeroed is fine */

/* Reads until the window has n bytes. 1, 0 when the file ends before that, or a negative errno. */
int scap_file_fill(struct scap_file *f, size_t n, struct error *err);

/*
 * Whether compressed data ended without its end, but where its writer had put all it had into the file: it
 * was killed afterwards.
 */
bool scap_file_ends_flushed(const struct scap_file *f);

static inline int scap_file_need(struct scap_file *f, size_t n, struct error *err)
{
	return f->end - f->start >= n ? 1 : scap_file_fill(f, n, err);
}

static inline const uint8_t *scap_file_at(const struct scap_file *f)
{
	return f->buffer + f->start;
}

static inline size_t scap_file_window(const struct scap_file *f)
{
	return f->end - f->start;
}

static inline void scap_file_skip(struct scap_file *f, size_t n)
{
	f->start += n;
	f->offset += n;
}

#endif
