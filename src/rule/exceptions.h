/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_EXCEPTIONS_H
#define MONITOR_RULE_EXCEPTIONS_H

#include "rule/items.h"

/*
 * The exceptions of rules: read from the file, checked, appended to, and turned into text behind the condition.
 */

/*
 * Reads the "exceptions" of a rule's item into *exceptions (empty when there are none). In an append the fields may be
 * missing. 0, -EINVAL with a finding, or -ENOMEM.
 */
int exceptions_read(struct findings *f, const struct yaml_node *item, const struct load_context *rule, bool append,
		    struct exceptions *exceptions);

/*
 * Checks a rule's new exception and gives it its default comparisons. fields NULL: names of fields are not
 * looked up.
 */
int exceptions_check(struct arena *arena, struct findings *f, struct exception_item *ex,
		     const struct field_options *fields);
/* The default comparisons only: for exceptions that replace a rule's, which Falco does not check. */
int exceptions_complete(struct arena *arena, struct exception_item *ex);
/* Adds values to the exception of the same name, or a new exception. */
int exceptions_append(struct arena *arena, struct findings *f, struct exceptions *exceptions,
		      const struct exception_item *more, const struct field_options *fields);

/* Adds "(condition) and not …" to out. 0, or -EINVAL with a finding when values do not fit the fields. */
int exceptions_print(struct findings *f, struct strbuf *out, struct str condition, const struct exceptions *exceptions);

#endif
