/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_USERS_H
#define MONITOR_STATE_USERS_H

#include "state/state.h"
#include "state/table.h"

/* The users and groups of one container; "" is the host. */
struct user_db {
	struct rstr *container_id;
	struct table users, groups;
};

struct users {
	struct user_db *dbs; /* the host's first */
	size_t ndbs;
	struct user root; /* what uid and gid 0 fall back to */
	struct group root_group;
	struct rstr *host_container; /* whose accounts the host's are, NULL = none */
};

int users_init(struct users *u); /* 0 or -ENOMEM */
void users_free(struct users *u);

/* NULL when not known; 0 is always root. Borrowed until users of that container change. */
const struct user *users_user(const struct users *u, struct str container_id, uint32_t uid);
const struct group *users_group(const struct users *u, struct str container_id, uint32_t gid);
/* 0 or -ENOMEM. Names that begin with '+' or '-' (directory service marks in passwd) are passed over. */
int users_set_user(struct users *u, struct str container_id, const struct user *from, struct str name, struct str home,
		   struct str shell);
int users_set_group(struct users *u, struct str container_id, uint32_t gid, struct str name);
void users_remove_user(struct users *u, struct str container_id, uint32_t uid);
void users_remove_group(struct users *u, struct str container_id, uint32_t gid);

#endif
