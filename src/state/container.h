/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_CONTAINER_H
#define MONITOR_STATE_CONTAINER_H

#include <stdbool.h>

#include "base/str.h"

struct state;
struct thread;

/* One container: what its last event told. */
struct container {
	struct rstr *id;
	struct rstr *json;
	uint8_t ip[4]; /* all zero = not told */
};

/* Cgroup lists that were seen lately: processes of one container, and most of a host, have the same text. */
#define CGROUP_CACHE 8
struct cgroup_result {
	struct rstr *raw; /* as on the wire */
	struct rstr *cgroups; /* with the names that fields show */
	struct rstr *container_id; /* NULL = host */
};

struct containers {
	struct container *items;
	size_t count;
	struct cgroup_result cache[CGROUP_CACHE];
	unsigned int cache_next;
};

void containers_free(struct containers *c);
/* Gives visit the JSON text of each until it returns non-zero, which it returns. */
int containers_each(const struct containers *c, int (*visit)(void *context, struct str json), void *context);
bool containers_have_ip(const struct containers *c, struct str own_id, const uint8_t ip[4]);

/*
 * The container that a cgroup path says, cut to 12 characters as Falco's container plugin does; a view of path. Empty =
 * host. *ret_type: the plugin's number of a runtime that only the path tells of (LXC and kin), else -1.
 */
struct str container_id_of_cgroup(struct str path, int *ret_type);

/* The same of a thread's cgroups ("subsystem=path", NUL-separated): the first that says one. */
struct str container_id_of_cgroups(struct str cgroups, int *ret_type);

/* Enters a thread's cgroups and the container id that follows from them. 0 or -ENOMEM. */
int container_set_cgroups(struct state *s, struct thread *t, struct str raw);

struct event;
void container_settle(struct state *s, const struct event *ev); /* after a container_removed event */

#endif
