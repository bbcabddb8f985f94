/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SCAP_KNOWN_H
#define MONITOR_SOURCE_SCAP_KNOWN_H

#include "event/event.h"

/*
 * What a capture has told of descriptors: by answers, and by opens, which say nearly as much. An answer is
 * kept and given in wire form, with whichever descriptor it was about; empty = nothing is known. All that is
 * given is borrowed until the next change. Fixed size: what is pushed out is not known.
 */
struct scap_known;

/* that inodes of sockets and pipes come from: each processor takes numbers from one of its own */
#define SCAP_KNOWN_RANGES 4
#define SCAP_KNOWN_NEAR	  2048 /* inodes of a range are less apart */
#define SCAP_KNOWN_RECENT 16 /* answers that are known without their descriptor */

struct scap_known *scap_known_new(void); /* NULL when memory is short */
void scap_known_free(struct scap_known *k); /* accepts NULL */
void scap_known_forget(struct scap_known *k);

struct str scap_known_file(const struct scap_known *k, int64_t tid, int64_t fd);
struct str scap_known_shared(const struct scap_known *k, int64_t fd); /* of the thread that it was told of last */
/* the last directory opened of all, if by that thread */
struct str scap_known_latest(const struct scap_known *k, int64_t tid);
struct str scap_known_like(const struct scap_known *k, uint16_t type); /* the last answer of that type */
/* one of those written last, each of which stays at its place */
struct str scap_known_recent(const struct scap_known *k, uint32_t place);

/* Whether answers of the type have an inode, their last parameter, that was the next number of a range. */
bool scap_known_is_counted(uint16_t type);
uint64_t scap_known_inode(const struct scap_known *k, uint32_t range); /* the last one */
/* that it is near to; SCAP_KNOWN_RANGES = none */
uint32_t scap_known_range(const struct scap_known *k, uint64_t inode);

/*
 * The path that an open that went well asked for, from the root on; empty when its folder is not known.
 * latest_folder: that is the latest directory, whatever the number says; shared: whichever thread's does
 * where its own is not known.
 */
struct str scap_known_asked(struct scap_known *k, const struct event *ev, bool latest_folder, bool shared);

/* What was told. written: it is an event of the capture, and not guessed. 0 or -ENOMEM. */
int scap_known_add_answer(struct scap_known *k, const struct event *answer, bool written);
int scap_known_add(struct scap_known *k, const struct event *ev, struct str real_path); /* empty = not told */

#endif
