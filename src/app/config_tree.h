/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_CONFIG_TREE_H
#define MONITOR_APP_CONFIG_TREE_H

#include "base/yaml.h"

/*
 * Changing a YAML tree: what `-o KEY=VALUE`, ${VARIABLE} and included files do to a configuration. New nodes
 * live in the arena; a key that is written twice keeps its first value, as with Falco.
 *
 * A path is "a.b", "a[0].b" or, to append, "a[].b"; a backslash makes a following dot, bracket or backslash part of the
 * name.
 */

/* The node at a path; NULL when there is none or the path is malformed. */
struct yaml_node *config_tree_get(struct yaml_node *root, const char *path);

/*
 * Puts value at a path, making what is missing on the way (of value's origin). -EINVAL: the path does not fit
 * the tree.
 */
int config_tree_set(struct arena *arena, struct yaml_node *root, const char *path, struct yaml_node *value,
		    struct error *err);

/*
 * "KEY=VALUE"; a value in braces is read as YAML, one in brackets, too, where a list is expected; any other
 * is a text. Its nodes get that origin.
 */
int config_tree_assign(struct arena *arena, struct yaml_node *root, const char *assignment, bool is_list,
		       uint16_t origin, struct error *err);

/* Whether the key of a map's pair is that of an earlier one. */
bool config_tree_came_before(const struct yaml_node *map, uint32_t i);

/* How an included file's top-level keys meet those that are there. */
enum config_merge { CONFIG_MERGE_APPEND, CONFIG_MERGE_OVERRIDE, CONFIG_MERGE_ADD_ONLY };
int config_tree_merge(struct arena *arena, struct yaml_node *root, struct yaml_node *included, enum config_merge how);

/*
 * Marks all nodes of a fresh tree with their origin, once (aliases are met again). expand: ${NAME} in every
 * value becomes the variable's value, nothing when it is unset; $${NAME} stays as ${NAME}. -ENOMEM.
 */
int config_tree_adopt(struct arena *arena, struct yaml_node *root, uint16_t origin, bool expand);

/*
 * Reads one file's text; an empty one is an empty map. What has no keys is an error, but for a text where text_alone is
 * set, which is left as it is. The error has line and column.
 */
int config_tree_load(struct arena *arena, struct str name, struct str text, bool text_alone,
		     struct yaml_node **ret_root, struct error *err);

/* A scalar's text; an omitted value reads "null", as yaml-cpp has it. False for lists and maps. */
bool config_tree_text(const struct yaml_node *node, struct str *ret_text);

struct yaml_node *config_tree_scalar(struct arena *arena, struct str text); /* NULL when memory is short */

#endif
