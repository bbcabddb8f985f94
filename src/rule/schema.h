/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_SCHEMA_H
#define MONITOR_RULE_SCHEMA_H

#include "base/yaml.h"
#include "rule/items.h"

/*
 * Whether a document has the shape that Falco's schema of rules files gives (falco --rule-schema). Never fatal: each
 * deviation is a text in *warnings, innermost first. 0 or -ENOMEM.
 */
int schema_check(struct arena *arena, const struct yaml_node *root, struct texts *warnings);

/* Adds that schema as JSON (draft 6). */
void schema_print(struct strbuf *out);

#endif
