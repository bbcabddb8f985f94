/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_FIELD_FIND_H
#define MONITOR_FIELD_FIELD_FIND_H

#include "field/field.h"

/*
 * The row with the longest name at the start of text that can be used with these options (NULL = Falco's
 * own), NULL when there is none. *ret_len is the name's length in bytes; *ret_static, which of
 * options->static_names it is, -1 for none.
 */
const struct field_info *field_find(struct str text, const struct field_options *options, int64_t *ret_static,
				    size_t *ret_len);

#endif
