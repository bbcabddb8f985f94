/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_NAMES_H
#define MONITOR_FIELD_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "event/event.h"

/*
 * Names of numbers that are the same on every machine: rows of errno_names.def, signal_names.def,
 * capability_names.def.
 */
const char *names_errno(int64_t negative); /* of -ENOENT and so on; NULL when it has none */
const char *names_signal(unsigned int number); /* NULL when it has none */
/*
 * The number behind a name where a parameter of this type can have one: SIGKILL, ENOENT (negative, with or
 * without "-").
 */
bool names_number(enum param_type type, struct str name, int64_t *ret_number);
void names_add_capabilities(struct strbuf *out, uint64_t set); /* blanks between */

#endif
