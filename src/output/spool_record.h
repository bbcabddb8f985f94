/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_SPOOL_RECORD_H
#define MONITOR_OUTPUT_SPOOL_RECORD_H

#include "base/str.h"

/*
 * What a spool's file is made of. A record is its magic number, its kind, the length of its body, a checksum
 * of these two and the body (each 32 bits, little-endian), and the body. A file is records and nothing else,
 * so one that is damaged or was torn by a crash loses what was hit: the next record is found by its magic
 * number and its checksum.
 */
#define SPOOL_HEAD_BYTES 16

struct spool_record {
	uint32_t kind; /* the writer's own */
	struct str body; /* points into the file's bytes */
};

void spool_record_add(struct strbuf *out, uint32_t kind, struct str body);

/*
 * The first whole record at or behind *at: 1, and *at is the end of it; 0 = there is none, and *at is the end
 * of bytes. *skipped grows by the bytes that had to be passed over.
 */
int spool_record_next(struct str bytes, size_t *at, struct spool_record *ret_record, uint64_t *skipped);

#endif
