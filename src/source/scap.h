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
void source_scap_receive(struct source *s, const struct scap_receiver *receiver);

#endif
