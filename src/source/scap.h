/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SCAP_H
#define MONITOR_SOURCE_SCAP_H

#include "event/record.h"
#include "source/source.h"

/*
 * The capture source hands out events; the metadata blocks that come before them (process, descriptor, user and
 * interface lists, machine) go to these receivers, since they are no events in the file. Set them before the first
 * next(); any may be NULL.
 */
struct scap_receiver {
	void *context;
	void (*machine)(void *context, const struct machine_record *m);
	int (*process)(void *context, const struct process_record *p);
	int (*fd)(void *context, int64_t tid, const struct fd_record *fd);
	int (*user)(void *context, uint32_t uid, uint32_t gid, struct str name, struct str home, struct str shell);
	int (*group)(void *context, uint32_t gid, struct str name);
	int (*interface)(void *context, const struct interface_record *i);
};
/* What follows from other events and is left out. Numbers are part of the format. */
enum scap_implied {
	SCAP_IMPLIES_NOTHING,
	/*
	 * extension records that tell nothing special: ext_implied(). Captures of ours were written so once
	 */
	SCAP_IMPLIES_PATHS,
	SCAP_IMPLIES_TOLD, /* those, and answers to needs that were told before. Likewise */
	SCAP_IMPLIES_GUESSED, /* all that the reader guesses right: scap_told.h. Likewise */
	SCAP_IMPLIES_LISTED, /* those, and what the process list says already: scap_tasks.h */
	SCAP_IMPLIES_NEWEST = SCAP_IMPLIES_LISTED, /* as writers write, and readers understand */
};
/* Who wrote a capture. Ours tell what their source promised, since the state and the fields rely on it. */
struct scap_origin {
	bool ours;
	unsigned int traits; /* SOURCE_REPORTS_* */
	struct str container; /* as in struct source, borrowed: of at most SCAP_CONTAINER_BYTES */
	bool match_realpath; /* opens were judged by the real path, too */
	enum scap_implied implied;
	bool known_fds; /* the descriptor lists tell what was known when it began, not all that was open */
};

/*
 * Whether a replay may rely on the descriptor lists: the capture's source had not to be asked, or had been
 * told them.
 */
bool source_scap_knows_fds(const struct source *s);

void source_scap_origin(const struct source *s, struct scap_origin *ret_origin);

/* At the end of what is there, waits for more: next() then gives 0. Before the first next(). */
void source_scap_follow(struct source *s);

/* Copies the receiver; its context must live as long as the source. Before the first next(). */
void source_scap_receive(struct source *s, const struct scap_receiver *receiver);

#endif
