/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_NAMES_H
#define MONITOR_FIELD_NAMES_H

#include <stdint.h>

#include "base/str.h"

/* Names of numbers that are the same on every machine: rows of errno_names.def, signal_names.def, capability_names.def. */
const char *names_errno(int64_t negative); /* of -ENOENT and so on; NULL when it has none */
const char *names_signal(unsigned int number); /* NULL when it has none */
void names_add_capabilities(struct strbuf *out, uint64_t set); /* blanks between */

#endif
