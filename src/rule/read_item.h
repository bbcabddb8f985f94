/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_READ_ITEM_H
#define MONITOR_RULE_READ_ITEM_H

#include "rule/items.h"

/*
 * One item of a rules file (a map with "rule", "macro", "list", …) into items. 0, -EINVAL after a finding, or -ENOMEM.
 * Texts of the node are borrowed: it must live as long as items.
 */
int read_item(struct items *items, struct findings *f, const struct yaml_node *node, const struct load_context *file);
/* The same for a map that has a "rule" (read_rule.c). */
int read_rule(struct items *items, struct findings *f, const struct yaml_node *node, const struct load_context *file);

#endif
