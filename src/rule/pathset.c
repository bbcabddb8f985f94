/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/pathset.h"

#include <errno.h>

#include "rule/glob.h"

/* Takes the next component off the path; empty ones are skipped. False at the end. */
static bool next_component(struct str *path, struct str *ret_component)
{
	const char *slash;
	size_t len;

	while (path->len && path->ptr[0] == '/') {
		path->ptr++;
		path->len--;
	}
	if (!path->len)
		return false;
	slash = memchr(path->ptr, '/', path->len);
	len = slash ? (size_t)(slash - path->ptr) : path->len;
	*ret_component = (struct str){ path->ptr, len };
	path->ptr += len;
	path->len -= len;
	return true;
}

static bool is_glob(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '?' || s.ptr[i] == '*' || s.ptr[i] == '[')
			return true;
	}
	return false;
}

static int add(struct arena *arena, struct pathset_node *node, struct str path)
{
	struct str component;

	while (!node->end && next_component(&path, &component)) {
		struct pathset_node *child = node->children;

		while (child && !str_eq(child->component, component))
			child = child->next;
		if (!child) {
			child = arena_new_of(arena, struct pathset_node);
			if (!child)
				return -ENOMEM;
			child->component = component;
			child->glob = is_glob(component);
			child->next = node->children;
			node->children = child;
		}
		node = child;
	}
	node->end = true;
	return 0;
}

int pathset_build(struct arena *arena, const struct str *members, uint32_t n, struct pathset *ret_set)
{
	struct pathset_node *root = arena_new_of(arena, struct pathset_node);

	if (!root)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		int r = add(arena, root, members[i]);

		if (r < 0)
			return r;
	}
	ret_set->root = n ? root : NULL;
	return 0;
}

/* Goes no deeper than the longest member has components. */
static bool match(const struct pathset_node *node, struct str path)
{
	struct str component;

	if (node->end)
		return true;
	if (!next_component(&path, &component))
		return false;
	for (const struct pathset_node *child = node->children; child; child = child->next) {
		if ((child->glob ? glob_match(child->component, component, false) :
				   str_eq(child->component, component)) &&
		    match(child, path))
			return true;
	}
	return false;
}

bool pathset_has(const struct pathset *s, struct str path)
{
	return s->root && match(s->root, path);
}
