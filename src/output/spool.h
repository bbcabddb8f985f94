/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_SPOOL_H
#define MONITOR_OUTPUT_SPOOL_H

#include "base/cleanup.h"
#include "base/error.h"
#include "output/spool_record.h"

/*
 * Records that wait in files of a folder, first in first out, within a limit of bytes. They are there again
 * when the folder is opened the next time: what was delivered when the process was killed may be delivered
 * once more, nothing is left out. A machine that loses its power may lose the last file. One process at a
 * time uses a folder.
 */
struct spool;

struct spool_stats {
	uint64_t records, bytes; /* that wait; bytes of files, delivered parts included */
	uint64_t damaged; /* bytes that were no records and are passed over */
};

/*
 * The folder is made when it is missing (its parents are not), for its owner only. -EBUSY: another process
 * uses it. Damage in what is found there is counted, not an error.
 */
int spool_open(const char *folder, uint64_t max_bytes, struct spool **ret_spool, struct error *err);
/* -ENOSPC when the limit or the disk is full, -EMSGSIZE for more than SPOOL_RECORD_BYTES; nothing has changed then. */
int spool_add(struct spool *s, uint32_t kind, struct str body, struct error *err);
/*
 * 1 = the first record, borrowed until the next call; 0 = none waits. What cannot be read is passed over and
 * counted.
 */
int spool_first(struct spool *s, struct spool_record *ret_record);
/* The record that spool_first() gave was delivered. An error means that it may be delivered again after a restart. */
int spool_done(struct spool *s, struct error *err);
void spool_stats(const struct spool *s, struct spool_stats *ret_stats);
const char *spool_folder(const struct spool *s);
void spool_free(struct spool *s); /* accepts NULL */
DEFINE_AUTO(struct spool, spool, spool_free);
#define auto_spool AUTO(spool)

#endif
