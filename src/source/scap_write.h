/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SCAP_WRITE_H
#define MONITOR_SOURCE_SCAP_WRITE_H

#include "base/cleanup.h"
#include "source/scap.h"

/*
 * Writes a capture that current readers of the format open: section header, machine, interfaces, users,
 * processes and descriptors, then events. What describes the machine is gathered until the first event. Whole
 * blocks are written only, and scap_writer_flush() leaves a file that can be read up to there, whatever
 * happens afterwards.
 */
struct scap_writer;

enum scap_compress { SCAP_PLAIN, SCAP_GZIP, SCAP_GZIP_FAST /* somebody waits while it is written */ };

/* Of which calls the bytes are kept that they read or wrote. */
enum scap_buffers { SCAP_BUFFERS_ALL, SCAP_BUFFERS_READ, SCAP_BUFFERS_WRITE, SCAP_BUFFERS_NONE };

struct scap_writer_options {
	enum scap_compress compress;
	bool create_only; /* nothing is replaced, no link followed */
	uint32_t snaplen; /* bytes kept of what was read and written; UINT32_MAX = all that events have */
	enum scap_buffers buffers;
	bool older_layouts; /* without the parameters that older readers do not know (older_layouts.def) */
	struct scap_origin origin;
};

struct scap_writer_stats {
	uint64_t events; /* extension records not counted */
	uint64_t bytes; /* in the file, compressed or not, buffered ones not counted */
	uint64_t cut; /* buffers that snaplen or buffers shortened */
};

/* "-" = standard output. An existing file is replaced. */
int scap_writer_open(const char *path, const struct scap_writer_options *options, struct scap_writer **ret_writer,
		     struct error *err);

/* The same into memory, for scap_writer_bytes(). Nothing is compressed. */
int scap_writer_open_memory(const struct scap_writer_options *options, struct scap_writer **ret_writer,
			    struct error *err);
/* What a writer into memory has so far: all, or the blocks from the first event on. Borrowed until the next call. */
struct str scap_writer_bytes(const struct scap_writer *w, bool with_head);
/* Adds what another writer has made, which has so many events: with its head first, and without it from then on. */
int scap_writer_append(struct scap_writer *w, struct str blocks, uint64_t events, struct error *err);
struct scap_write_meta;
/* Adds machine, interfaces and users as another writer's receiver got them. 0 or -ENOMEM. */
int scap_writer_take_head(struct scap_writer *w, const struct scap_write_meta *m);

/* Takes what describes the machine; only before the first event (later calls are ignored). Borrowed from w. */
const struct scap_receiver *scap_writer_receiver(struct scap_writer *w);

/*
 * Events with an extension get it as a record of their own before them. A failure to write stays: nothing
 * follows it.
 */
int scap_writer_event(struct scap_writer *w, const struct event *ev, struct error *err);
int scap_writer_flush(struct scap_writer *w, struct error *err);
void scap_writer_stats(const struct scap_writer *w, struct scap_writer_stats *ret_stats);

/* Flushes and ends the file; frees w also when that fails. Accepts NULL. */
int scap_writer_close(struct scap_writer *w, struct error *err);

#endif
