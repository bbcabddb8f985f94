/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_CHECKS_H
#define MONITOR_RULE_CHECKS_H

#include "rule/ast.h"

/* Questions about the checks of a resolved tree. */

/* The check that the node at this offset is part of; NULL when it is part of none. */
const struct ast *checks_find(const struct ast *tree, size_t offset);

/*
 * The first check that compares a field of JSON events with "<NA>", which such a field may truly hold: NULL when there
 * is none.
 */
const struct ast *checks_unsafe_na(const struct ast *tree);

#endif
