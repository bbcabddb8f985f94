/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_PARSE_H
#define MONITOR_BASE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * The one place where text becomes a number. The whole string must be the number; ret_ is written only on success.
 * Returns 0, -EINVAL (not a number) or -ERANGE (does not fit).
 */
int parse_u64(struct str s, uint64_t *ret_value); /* decimal, or hexadecimal after 0x */
int parse_hex_u64(struct str s, uint64_t *ret_value); /* hexadecimal without 0x, as /proc has it */
int parse_i64(struct str s, int64_t *ret_value); /* optional sign */
int parse_u32(struct str s, uint32_t *ret_value);
int parse_int(struct str s, int *ret_value);
int parse_hex_digit(int c); /* its value; -1 when it is none */

#endif
