/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_PATHSET_H
#define MONITOR_RULE_PATHSET_H

#include "base/arena.h"
#include "base/str.h"

/*
 * The right side of pmatch: a tree of path components. A path matches when the components of any member are its first
 * ones; a member's component with ?, * or [ is a glob. The member without components ("/" or "") matches every path.
 */
struct pathset_node {
	struct str component;
	bool glob, end; /* end: a member ends here */
	struct pathset_node *next, *children;
};

struct pathset {
	struct pathset_node *root;
};

/* Borrows the members' bytes. 0 or -ENOMEM. */
int pathset_build(struct arena *arena, const struct str *members, uint32_t n, struct pathset *ret_set);
bool pathset_has(const struct pathset *s, struct str path);

#endif
