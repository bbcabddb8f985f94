/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SCAP_STORE_H
#define MONITOR_SOURCE_SCAP_STORE_H

#include <stdint.h>

#include "base/str.h"

/*
 * The last enter event of each thread, as bytes. A slot keeps its memory when its event is taken, since the same thread
 * makes the next call. Zero-initialise.
 */
struct scap_store {
	struct stored *slots; /* open addressing; a thread's slot stays until clear */
	size_t cap, used;
	uint64_t forgotten; /* events dropped because SCAP_STORED_ENTER threads had one */
};

int scap_store_put(struct scap_store *s, int64_t tid, struct str bytes); /* replaces; 0 or -ENOMEM */
struct str scap_store_get(const struct scap_store *s, int64_t tid); /* empty when there is none; borrowed until put */
void scap_store_remove(struct scap_store *s, int64_t tid);
void scap_store_clear(struct scap_store *s);
void scap_store_free(struct scap_store *s);

#endif
